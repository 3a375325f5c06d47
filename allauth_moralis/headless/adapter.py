from allauth.headless.adapter import DefaultHeadlessAdapter

from ..adapter import WalletHeadlessMixin


class HeadlessAdapter(WalletHeadlessMixin, DefaultHeadlessAdapter):
    """Headless adapter for sites that have none of their own: name it in ``HEADLESS_ADAPTER``."""
