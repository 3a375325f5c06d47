"""The targets of the fuzzer, and what they are given besides bytes: keys, a text, a network.

A target is a function that takes any bytes, and returns whether they were taken for something. An
exception that is not among the documented ones, or an assertion, is a find. ``run.py`` calls the
targets with what libFuzzer thinks of, and ``test_targets.py`` with what was worth keeping of that.
"""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest import mock

from coincurve import PrivateKey
from django.test import override_settings
from nacl.signing import SigningKey

from allauth_moralis import backends
from allauth_moralis.exceptions import UpstreamUnavailable
from allauth_moralis.siwx.text import render
from allauth_moralis.siwx.wallets import EVM, Challenge, MessageFields, Wallet
from allauth_moralis.testing import AptosWallet, EvmWallet, SigningWallet, SolanaWallet
from allauth_moralis.upstream import transport
from allauth_moralis.upstream.client import Client, Response

Target = Callable[[bytes], bool]

TARGETS: dict[str, Target] = {}

SEED = bytes(range(32))
WALLETS: dict[str, SigningWallet] = {
    "evm": EvmWallet(PrivateKey(SEED)),
    "solana": SolanaWallet(SigningKey(SEED)),
    "aptos": AptosWallet(SigningKey(SEED)),
}
HOST = "testserver"
NONCE, ISSUED_AT = "A1b2C3d4E5f6G7h8I", "2026-01-01T00:00:00.000Z"
SECRET = "key-that-must-not-be-seen"
#: In no UTF-8, so that what a fuzzer makes of one field stays within that field.
SEPARATOR = b"\xff"

SITE = {
    "NETWORKS": ["evm", "solana", "aptos"],
    "API_KEY": SECRET,
    "BASE_URL": "http://service.test",
    "FALLBACK": "local",
    "RPC": {1: f"http://node.test/{SECRET}"},
    "RATE_LIMITS": False,
    "CROSS_DEVICE": True,
}


def target(function: Target) -> Target:
    TARGETS[function.__name__] = function
    return function


@contextmanager
def site() -> Iterator[None]:
    """A site with everything on, and nothing that is kept from one input to the next."""
    with override_settings(
        SOCIALACCOUNT_PROVIDERS={"moralis": SITE},
        ALLOWED_HOSTS=["*"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    ):
        yield


def fields(data: bytes, count: int) -> list[bytes]:
    """The first ``count`` fields of an input; those that are not there are empty."""
    found = data.split(SEPARATOR, count - 1)
    return found + [b""] * (count - len(found))


def text(raw: bytes) -> str:
    """A string as JSON can carry it: also with halves of surrogate pairs."""
    return raw.decode(errors="surrogateescape")


def challenge_of(network: str) -> Challenge:
    """A challenge whose every part is the same in each process, as are its signatures."""
    given = WALLETS[network].described
    asked = MessageFields(
        wallet=Wallet.parse(network, given["address"], given.get("public_key")),
        domain=HOST,
        uri=f"http://{HOST}/",
        chain_id=1 if network == EVM else None,
        statement=f"Sign in to {HOST}",
        expiration_time="2026-01-01T00:02:00.000Z",
    )
    return Challenge(
        fields=asked,
        nonce=NONCE,
        issued_at=ISSUED_AT,
        message=render(asked, nonce=NONCE, issued_at=ISSUED_AT),
        id="A1b2C3d4E5f6G7h8I",
        profile_id=None,
        issued_by="local",
    )


@contextmanager
def answering(*answers: bytes) -> Iterator[None]:
    """Services and nodes that answer each request with the next of these, and then not at all.

    A status may precede a body: ``b"503 <h1>…"``.
    """
    left = list(answers)

    def request(_client: Client, *_: object, **__: object) -> Response:
        if not left:
            raise UpstreamUnavailable("no connection")
        status, body = _read(left.pop(0))
        raw = SimpleNamespace(read=BytesIO(body).read, length_remaining=0)
        said: Any = SimpleNamespace(status_code=status, raw=raw, headers={}, close=str)
        return Response(said, time.monotonic(), secret_url=True)

    backends.reset()
    with mock.patch.object(Client, "request", request):
        yield
    backends.reset()


def _read(answer: bytes) -> tuple[int, bytes]:
    found = re.match(rb"([1-5][0-9]{2}) ", answer)
    return (int(found[1]), answer[4:]) if found else (200, answer)


@contextmanager
def wire(stream: bytes) -> Iterator[None]:
    """A network on which every connection brings these bytes, and then ends."""
    with ExitStack() as sockets:

        def connect(_connection: object) -> socket.socket:
            ours, theirs = map(sockets.enter_context, socket.socketpair())
            theirs.sendall(stream)
            theirs.shutdown(socket.SHUT_WR)
            return ours

        with mock.patch.object(transport._Connection, "_new_conn", connect):
            yield
