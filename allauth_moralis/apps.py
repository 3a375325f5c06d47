from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        # All of it needs the app registry.
        from allauth.account.signals import user_logged_in  # noqa: PLC0415 - see above
        from allauth.socialaccount.signals import pre_social_login, social_account_removed  # noqa: PLC0415 - see above

        from . import adapter, checks, provider, proving, site_checks  # noqa: F401, PLC0415 - see above; the checks register themselves

        for signal, receiver in (
            (pre_social_login, provider.propose_username),
            (user_logged_in, provider.remember_wallet),
            (social_account_removed, proving.forget),
            (social_account_removed, adapter.let_the_next_one_leave),
        ):
            signal.connect(receiver, dispatch_uid=f"allauth_moralis.{receiver.__name__}")
