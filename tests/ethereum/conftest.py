from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from allauth_moralis.ethereum import rpc
from allauth_moralis.ethereum.rpc import Session

from ..chain.node import CallFailed, Node

PATIENT = (20, 20)  # seconds to connect, and for all calls: where the answer comes at once
SECRET = "key-in-the-path-of-a-node"


@dataclass
class Ledger:
    """A chain without an EVM: the same code everywhere, and one answer to all calls."""

    chain_id: int = 1
    held: bytes = b"\x60\x80"
    answer: bytes | CallFailed = bytes(32)
    asked: list[tuple[str | None, bytes, str, int]] = field(default_factory=list)

    def code(self, _address: str) -> bytes:
        return self.held

    def call(self, to: str | None, data: bytes, *, sender: str, gas: int) -> bytes:
        self.asked.append((to, data, sender, gas))
        if isinstance(self.answer, CallFailed):
            raise self.answer
        return self.answer


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def node(ledger, provider, monkeypatch) -> Iterator[Node]:
    """The node of chain 1, as the site's settings name it."""
    monkeypatch.setenv("NO_PROXY", "*")
    with Node(ledger) as running:
        provider.update(RPC={1: f"{running.url}/v2/{SECRET}?key={SECRET}"}, TIMEOUT=PATIENT)
        yield running


@pytest.fixture
def session(node) -> Session:
    started = rpc.session(1)
    assert started is not None
    return started
