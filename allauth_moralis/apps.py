from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        # Both register themselves when they are imported, and need the app registry for that.
        from . import checks, receivers  # noqa: F401, PLC0415 - see above
