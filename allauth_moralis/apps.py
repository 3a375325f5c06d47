from django.apps import AppConfig
from django.db.models.signals import pre_delete
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        # All of it needs the app registry.
        from allauth.account.signals import user_logged_in  # noqa: PLC0415 - see above
        from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415 - see above
        from allauth.socialaccount.signals import pre_social_login, social_account_removed  # noqa: PLC0415 - see above

        from . import checks, leaving, provider, proving, site_checks  # noqa: F401, PLC0415 - see above; the checks register themselves

        for signal, receiver in (
            (pre_social_login, provider.propose_username),
            (user_logged_in, provider.remember_wallet),
            (social_account_removed, proving.forget),
        ):
            signal.connect(receiver, dispatch_uid=f"allauth_moralis.{receiver.__name__}")
        pre_delete.connect(
            leaving.keep_a_way_in,
            sender=SocialAccount,
            dispatch_uid="allauth_moralis.keep_a_way_in",
        )
