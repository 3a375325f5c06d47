from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in  # noqa: PLC0415 - needs the app registry
        from allauth.socialaccount.signals import pre_social_login  # noqa: PLC0415 - needs the app registry

        from . import checks  # noqa: F401, PLC0415 - registers them
        from .provider import propose_username, remember_wallet  # noqa: PLC0415 - needs the app registry

        pre_social_login.connect(propose_username, dispatch_uid="allauth_moralis.propose_username")
        user_logged_in.connect(remember_wallet, dispatch_uid="allauth_moralis.remember_wallet")
