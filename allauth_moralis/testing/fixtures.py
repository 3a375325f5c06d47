"""Fixtures for pytest with pytest-django. To load them, write in ``conftest.py``:

``pytest_plugins = ["allauth_moralis.testing.fixtures"]``
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from .. import backends
from ..conf import PROVIDER_ID
from ..emulator import Emulator
from .browser import PlaywrightWallets
from .wallets import AptosWallet, EvmWallet, SolanaWallet


@pytest.fixture
def evm_wallet() -> EvmWallet:
    """Return an Ethereum wallet with a new key."""
    return EvmWallet()


@pytest.fixture
def solana_wallet() -> SolanaWallet:
    """Return a Solana wallet with a new key."""
    return SolanaWallet()


@pytest.fixture
def aptos_wallet() -> AptosWallet:
    """Return an Aptos wallet with a new key."""
    return AptosWallet()


@pytest.fixture
def wallet_settings(settings: Any) -> dict[str, Any]:
    """Return the provider's settings as a dictionary that a test may change for itself."""
    settings.SOCIALACCOUNT_PROVIDERS = copy.deepcopy(
        getattr(settings, "SOCIALACCOUNT_PROVIDERS", {})
    )
    provider: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS.setdefault(PROVIDER_ID, {})
    return provider


@pytest.fixture
def no_wallet_rate_limits(wallet_settings: dict[str, Any]) -> None:
    """Turn the rate limits off: to them a test suite is one visitor in a hurry."""
    wallet_settings["RATE_LIMITS"] = False


@pytest.fixture
def moralis_emulator(wallet_settings: dict[str, Any]) -> Iterator[Emulator]:
    """Run an emulator of the Moralis Auth API over real HTTP, and make the site use it."""
    with Emulator() as emulator:
        wallet_settings.pop("BACKEND", None)
        wallet_settings.update(API_KEY="key-of-the-emulator", BASE_URL=emulator.url)
        backends.reset()
        yield emulator
    backends.reset()


@pytest.fixture
def wallet_browser(page: Any) -> PlaywrightWallets:
    """Return the wallets of pytest-playwright's ``page``. Install them before it opens a URL."""
    return PlaywrightWallets(page)
