"""Fixtures of moralis_client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import responses

from allauth_moralis.siwx.text import timestamp
from allauth_moralis.siwx.wallets import EVM, Challenge, MessageFields, Proof, Wallet
from allauth_moralis.testing import EvmWallet

from ..conftest import API_KEY
from .common import BASE, issued


@pytest.fixture
def service(provider: dict) -> Iterator[responses.RequestsMock]:
    """Moralis as each test would have it; a call that was not foreseen is a connection error."""
    provider.update(API_KEY=API_KEY, BASE_URL=BASE)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def fields(wallet: EvmWallet) -> MessageFields:
    return MessageFields(
        wallet=Wallet.parse(EVM, wallet.address),
        domain="localhost",
        uri="http://localhost/",
        chain_id=1,
        statement="Sign in to localhost",
        expiration_time=timestamp(datetime.now(UTC) + timedelta(seconds=120)),
    )


@pytest.fixture
def challenge(fields: MessageFields) -> Challenge:
    return issued(fields)


@pytest.fixture
def proof(wallet: EvmWallet, challenge: Challenge) -> Proof:
    return Proof(signature=wallet.sign(challenge.message))
