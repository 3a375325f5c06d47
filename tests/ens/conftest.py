"""Fixtures of ens."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from allauth_moralis.ethereum.ens import UNIVERSAL_RESOLVER
from allauth_moralis.testing import sign_in

from ..chain.artifacts import call
from ..chain.node import Node
from .common import ADA, SECRET

if TYPE_CHECKING:
    from ..chain.evm import Chain

#: Gives an address a name, which leads back to it unless another address is given.
GiveName = Callable[..., None]


@pytest.fixture
def chain() -> "Chain":
    """Ethereum with a stand-in of ENS on it."""
    # Where there is no EVM, the tests that need one are skipped, and not these fixtures.
    from ..chain.evm import Chain  # noqa: PLC0415

    chain = Chain()
    chain.set_code(UNIVERSAL_RESOLVER, chain.code(chain.deploy("UniversalResolver")))
    return chain


@pytest.fixture
def node(chain: "Chain", provider: dict) -> Iterator[Node]:
    """The node of that chain, which the site's settings name."""
    with chain.serve() as node:
        provider["RPC"] = {1: node.url + SECRET}
        yield node


@pytest.fixture
def give_name(chain: "Chain") -> GiveName:
    def give_name(address: str, name: str | bytes, *, leads_to: str | None = None) -> None:
        for data in (
            call("setName(address,string)", address, name),
            call("setAddress(string,address)", name, leads_to or address),
        ):
            chain.send(UNIVERSAL_RESOLVER, data)

    return give_name


@pytest.fixture
def ada(client, wallet, node, give_name) -> str:
    """The address of somebody who is signed in with a wallet that has a name."""
    give_name(wallet.address, ADA)
    sign_in(client, wallet)
    return wallet.address
