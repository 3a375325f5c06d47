from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        # They register themselves, and need the app registry.
        from . import checks, receivers  # noqa: F401, PLC0415 - see above
