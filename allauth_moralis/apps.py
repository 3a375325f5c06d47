from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoralisConfig(AppConfig):
    name = "allauth_moralis"
    verbose_name = _("Wallet sign-in")

    def ready(self) -> None:
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - needs the app registry

        # The first two register themselves when they are imported.
        from . import checks, conf, receivers  # noqa: F401, PLC0415 - as above
        from .internal import naming  # noqa: PLC0415 - as above

        conf.hide_nodes()
        naming.let_users_be_shown(get_user_model())
