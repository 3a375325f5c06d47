"""A contract wallet beside those of ``tests.chain.fixtures``, and one that is on no chain."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from allauth_moralis.testing import ContractWallet

BASE, UNNAMED = 8453, 31337


@pytest.fixture
def owned(owned, node) -> ContractWallet:
    """A wallet on chain 1, with the node that the site asks."""
    return owned


@pytest.fixture
def twin(chain, provider, owned) -> Iterator[ContractWallet]:
    """The wallet ``owned`` on Base: the same address and owner, and a node of its own."""
    base = type(chain)(BASE)
    assert base.deploy("Owner", owned.owner.address) == owned.address
    with base.serve() as running:
        provider["RPC"][BASE] = running.url
        yield replace(owned, chain_id=BASE)


@pytest.fixture
def unverified() -> ContractWallet:
    """A wallet on Base for rows that a test writes without any node."""
    return ContractWallet("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", chain_id=BASE)
