"""A contract wallet on Base, with the same contract at the same address of another chain."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from allauth_moralis.testing import ContractWallet, EvmWallet

if TYPE_CHECKING:
    from ..chain.evm import Chain
    from ..chain.node import Node

BASE, SONIC, UNNAMED = 8453, 146, 31337


@pytest.fixture
def owner() -> EvmWallet:
    return EvmWallet()


def chain_with(chain_id: int, owner: EvmWallet) -> "tuple[Chain, str]":
    """Return a chain whose first contract is the owner's: at the same address on every chain."""
    from ..chain.evm import Chain  # noqa: PLC0415 - skips the test where there is no pyrevm

    chain = Chain(chain_id)
    return chain, chain.deploy("Owner", owner.address)


@pytest.fixture
def node(provider, owner) -> "Iterator[Node]":
    """A node of Base, on which the owner has a contract."""
    chain, _ = chain_with(BASE, owner)
    with chain.serve() as node:
        provider["RPC"] = {BASE: node.url}
        yield node


@pytest.fixture
def on_base(node, owner) -> ContractWallet:
    """The wallet that the node of Base knows."""
    _, address = chain_with(BASE, owner)
    return ContractWallet(address, owner, chain_id=BASE)


@pytest.fixture
def on_sonic(provider, on_base, owner) -> Iterator[ContractWallet]:
    """The same address on another chain, which also has a node."""
    chain, address = chain_with(SONIC, owner)
    assert address == on_base.address
    with chain.serve() as node:
        provider["RPC"][SONIC] = node.url
        yield replace(on_base, chain_id=SONIC)


@pytest.fixture
def unverified(owner) -> ContractWallet:
    """A wallet for rows that a test writes without any node."""
    return ContractWallet("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", owner, chain_id=BASE)
