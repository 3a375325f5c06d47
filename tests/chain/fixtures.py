"""A chain in this process, whose node the site asks, and wallets on it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from allauth_moralis.testing import ContractWallet, EvmWallet

from .artifacts import plan
from .node import Node

if TYPE_CHECKING:
    from .evm import Chain

PATIENT = (20, 20)  # seconds to connect, and for all calls: where the answer comes at once


@pytest.fixture
def chain() -> "Chain":
    evm = pytest.importorskip(
        "tests.chain.evm", reason="pyrevm has wheels for Python 3.11 and 3.12 alone"
    )
    chain: Chain = evm.Chain()
    return chain


@pytest.fixture
def node(chain: "Chain", provider: dict, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """The node of chain 1, as the site's settings name it."""
    monkeypatch.setenv("NO_PROXY", "*")
    with chain.serve() as running:
        provider.update(RPC={1: running.url}, TIMEOUT=PATIENT)
        yield running


@pytest.fixture
def owned(chain: "Chain") -> ContractWallet:
    """A wallet that is a contract with one owner."""
    owner = EvmWallet()
    return ContractWallet(chain.deploy("Owner", owner.address), owner)


@pytest.fixture
def planned(chain: "Chain") -> ContractWallet:
    """A wallet that is not deployed yet."""
    owner = EvmWallet()
    there = plan(chain.deploy("Factory"), "Owner", owner.address)
    return ContractWallet(there.address, owner, factory=there.factory, factory_data=there.data)
