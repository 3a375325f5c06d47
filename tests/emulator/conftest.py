"""Fixtures of emulator."""

from collections.abc import Iterator

import pytest

from allauth_moralis.emulator import AuthService, Emulator
from allauth_moralis.testing import EvmWallet

from .common import RECORDED_MOMENT, Clock


@pytest.fixture
def fields(wallet: EvmWallet) -> dict:
    """The body of a request that is in order, with nothing optional."""
    return {
        "domain": "localhost",
        "chainId": "1",
        "address": wallet.address,
        "uri": "http://localhost/",
        "timeout": 60,
    }


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    """One for all those tests that leave no trace in it."""
    with Emulator() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(RECORDED_MOMENT)


@pytest.fixture
def timed(clock: Clock) -> Iterator[Emulator]:
    with Emulator(AuthService(clock=clock)) as running:
        yield running
