from allauth.headless.adapter import DefaultHeadlessAdapter

from ..adapter import WalletHeadlessMixin


class HeadlessAdapter(WalletHeadlessMixin, DefaultHeadlessAdapter):
    """For ``HEADLESS_ADAPTER``, where the site has none of its own."""
