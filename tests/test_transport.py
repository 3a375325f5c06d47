"""One deadline for a whole answer, over real sockets: whatever the service does, nobody waits."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.exceptions import UpstreamRejected, UpstreamUnavailable, WalletError
from allauth_moralis.siwx.text import timestamp
from allauth_moralis.siwx.wallets import EVM, Challenge, MessageFields, Proof, Wallet
from allauth_moralis.testing import EvmWallet
from allauth_moralis.upstream.transport import DeadlineAdapter, _DeadlineReader

from .conftest import API_KEY
from .faulty import Faulty, Peer, Script, certificate, http

TIMEOUT = (0.5, 0.4)  # seconds to connect, and for the whole answer
PATIENT = (2, 2)  # where the answer is at once: no flake on a slow machine
BOUND = 3  # seconds; what nobody may wait, on however slow a machine
PROFILE = "0x" + "5b" * 32
MEGABYTE = 1024 * 1024


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
def site(provider: dict, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Starts a faulty server, and has the provider take it for Moralis."""
    running: list[Faulty] = []
    monkeypatch.setenv("NO_PROXY", "*")

    def start(*scripts: Script, timeout: tuple = PATIENT, **options) -> Faulty:
        server = Faulty(*scripts, **options).__enter__()
        running.append(server)
        provider.update(API_KEY=API_KEY, BASE_URL=server.url, TIMEOUT=timeout)
        return server

    yield start
    for server in running:
        server.__exit__()


@contextmanager
def refused(*errors: type[WalletError]) -> Iterator[None]:
    start = time.monotonic()
    with pytest.raises(errors):
        yield
    assert time.monotonic() - start < BOUND


def good(fields: MessageFields) -> bytes:
    """An answer to the request that the client takes."""
    challenge = replace(LocalBackend().request_challenge(fields), profile_id=PROFILE)
    return http({"id": challenge.id, "message": challenge.message, "profileId": PROFILE})


def sends(data: bytes, *, keep: bool = True) -> Script:
    def script(peer: Peer) -> bool:
        peer.send(data)
        return keep

    return script


def drips(data: bytes, *, after: bytes = b"") -> Script:
    def script(peer: Peer) -> None:
        peer.send(after)
        peer.drip(data)

    return script


def floods(data: bytes, *, after: bytes = b"") -> Script:
    def script(peer: Peer) -> None:
        peer.send(after)
        peer.flood(data)

    return script


def stops(data: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.send(data)
        peer.hang()

    return script


OK = b"HTTP/1.1 201 Created\r\n"
LONG = OK + b"Content-Length: 60000\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"

SLOW = {
    "hang_before_the_headers": stops(b""),
    "hang_after_the_status": stops(OK),
    "hang_in_the_body": stops(LONG + b"{"),
    "status_line_dripped": drips(OK),
    "headers_dripped": drips(b"a" * 1000, after=OK + b"X-Slow: "),
    "body_dripped": drips(b" " * 1000, after=LONG),
    "body_without_length_dripped": drips(b" " * 1000, after=OK + b"\r\n"),
    "chunks_dripped": drips(b"1\r\n \r\n" * 100, after=CHUNKED),
    "endless_continue": floods(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "error_body_dripped": drips(b" " * 100, after=LONG.replace(b"201 Created", b"400 Bad")),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_request_ends_in_time_and_is_not_repeated(site, fields, script):
    server = site(script, timeout=TIMEOUT)

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)

    assert server.connections == 1


@pytest.mark.parametrize("reason", ["hang_before_the_headers", "headers_dripped", "body_dripped"])
def test_verify_ends_in_time_and_is_not_repeated(site, wallet, fields, reason):
    server = site(SLOW[reason], timeout=TIMEOUT)

    with refused(UpstreamUnavailable):
        MoralisBackend().verify(*answer_to(fields, wallet))

    assert server.connections == 1


def test_silence_after_a_late_byte_has_only_what_is_left_of_the_time(site, fields):
    def script(peer: Peer) -> None:
        peer.send(LONG)
        peer.stop.wait(1)
        peer.send(b"{")
        peer.hang()

    site(script, timeout=(0.5, 1.2))
    start = time.monotonic()

    with pytest.raises(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)

    # A time-out that began anew with the late byte would end 2.2 seconds after the start.
    assert time.monotonic() - start < 2


def answer_to(fields: MessageFields, wallet: EvmWallet) -> tuple[Challenge, Proof]:
    challenge = replace(LocalBackend().request_challenge(fields), profile_id=PROFILE)
    return challenge, Proof(signature=wallet.sign(challenge.message))


@pytest.mark.parametrize(
    "script",
    [drips(b"a" * 1000, after=OK + b"X-Slow: "), drips(b" " * 1000, after=LONG)],
    ids=["headers", "body"],
)
def test_drip_over_tls_ends_in_time(site, fields, script, tmp_path, monkeypatch):
    context, public = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(public))
    server = site(script, context=context, timeout=TIMEOUT)

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)

    assert len(server.requests) == 1


def test_answer_over_tls_is_taken(site, fields, tmp_path, monkeypatch):
    context, public = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(public))
    site(sends(good(fields)), context=context)

    assert MoralisBackend().request_challenge(fields).fields == fields


def test_certificate_of_nobody_gets_no_key(site, fields, tmp_path):
    context, _ = certificate(tmp_path)
    server = site(sends(good(fields)), context=context)

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)

    assert server.requests == []


def test_drip_through_a_proxy_ends_in_time(site, fields, provider, monkeypatch):
    server = site(drips(b" " * 1000, after=LONG), timeout=TIMEOUT)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    provider["BASE_URL"] = "http://authapi.invalid"

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)

    assert server.requests[0].startswith(b"POST http://authapi.invalid/challenge/request/evm ")


CUT = {
    "without_answer": sends(b"", keep=False),
    "in_the_body": sends(LONG + b'{"id": "a', keep=False),
    "in_a_chunk": sends(CHUNKED + b"ff\r\n{", keep=False),
    "between_chunks": sends(CHUNKED + b"1\r\n{\r\n", keep=False),
    "in_the_body_of_a_401": sends(
        LONG.replace(b"201 Created", b"401 Unauthorized") + b'{"message": "Vali', keep=False
    ),
}


@pytest.mark.parametrize("script", CUT.values(), ids=CUT)
def test_connection_cut_is_unavailable(site, fields, script):
    site(script)

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)


def test_connection_cut_in_the_headers_is_refused(site, fields):
    site(sends(OK + b"Content-Le", keep=False))

    # http.client takes the end of the connection for the end of the headers.
    with refused(UpstreamUnavailable, UpstreamRejected):
        MoralisBackend().request_challenge(fields)


def test_request_is_repeated_after_a_connection_cut_without_answer(site, fields):
    server = site(CUT["without_answer"], sends(good(fields)))

    assert MoralisBackend().request_challenge(fields).fields == fields
    assert server.connections == 2


def test_verify_is_not_repeated_after_a_connection_cut_without_answer(site, wallet, fields):
    server = site(CUT["without_answer"])

    with refused(UpstreamUnavailable):
        MoralisBackend().verify(*answer_to(fields, wallet))

    assert server.connections == 1


ENDLESS = {
    "with_length": floods(b" " * MEGABYTE, after=OK + b"Content-Length: 1073741824\r\n\r\n"),
    "without_length": floods(b" " * MEGABYTE, after=OK + b"\r\n"),
    "chunked": floods(b"100000\r\n" + b" " * MEGABYTE + b"\r\n", after=CHUNKED),
    "redirect": floods(b" " * MEGABYTE, after=REDIRECT + b"\r\n"),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_endless_answer_is_cut_off_at_the_cap(site, fields, script):
    server = site(script)

    with refused(UpstreamRejected):
        MoralisBackend().request_challenge(fields)

    assert server.connections == 1


def test_of_many_megabytes_few_are_taken(site, fields):
    sent = []

    def script(peer: Peer) -> None:
        peer.send(OK + b"Content-Length: 268435456\r\n\r\n")
        for _ in range(256):
            peer.send(b" " * MEGABYTE)
            sent.append(MEGABYTE)

    site(script)

    with refused(UpstreamRejected):
        MoralisBackend().request_challenge(fields)

    # What the system's own buffers take on loopback cannot be known; it is not a hundred.
    assert sum(sent) < 100 * MEGABYTE


def test_endless_headers_are_unavailable(site, fields):
    site(floods(b"X-Header: value\r\n", after=OK))

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)


def test_no_http_at_all_is_unavailable(site, fields):
    site(sends(b"SSH-2.0-OpenSSH_9.9\r\n", keep=False))

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)


def test_redirect_is_refused_without_waiting_for_its_body(site, fields):
    server = site(drips(b" " * 1000, after=REDIRECT + b"Content-Length: 1000\r\n\r\n"))

    with refused(UpstreamRejected):
        MoralisBackend().request_challenge(fields)

    assert server.connections == 1


@pytest.mark.parametrize(
    "location", [b"http://[::1", b"\xff\xfe"], ids=["half_an_address", "not_utf8"]
)
def test_redirect_to_no_url_is_the_service_s_fault(site, fields, location):
    answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    site(sends(answer))

    with refused(UpstreamRejected):
        MoralisBackend().request_challenge(fields)


def test_two_lengths_are_the_service_s_fault(site, fields):
    site(sends(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"))

    with refused(UpstreamRejected):
        MoralisBackend().request_challenge(fields)


def test_connection_closed_between_two_requests_is_made_anew(site, fields):
    server = site(sends(good(fields), keep=False), sends(good(fields)))
    backend = MoralisBackend()

    for _ in range(2):
        assert backend.request_challenge(fields).fields == fields

    assert server.connections == 2


def test_connection_is_kept_for_the_next_request(site, fields):
    server = site(sends(good(fields)))
    backend = MoralisBackend()

    for _ in range(3):
        backend.request_challenge(fields)

    assert (server.connections, len(server.requests)) == (1, 3)


def test_each_answer_on_a_kept_connection_has_its_own_time(site, fields):
    def script(peer: Peer) -> bool:
        peer.stop.wait(0.7)
        peer.send(good(fields))
        return True

    # Two answers take longer than one may.
    server = site(script, timeout=(0.5, 1.2))
    backend = MoralisBackend()

    for _ in range(2):
        assert backend.request_challenge(fields).fields == fields

    assert server.connections == 1


def test_cookies_are_not_kept(site, fields):
    challenge = replace(LocalBackend().request_challenge(fields), profile_id=PROFILE)
    body = {"id": challenge.id, "message": challenge.message, "profileId": PROFILE}
    server = site(sends(http(body, headers="Set-Cookie: seen=1; Path=/\r\n")))
    backend = MoralisBackend()

    for _ in range(2):
        backend.request_challenge(fields)

    assert len(server.requests) == 2
    assert b"cookie:" not in server.requests[1].lower()


def test_adapter_without_time_out_sets_no_deadline(site):
    server = site(sends(http({"ok": True})))

    with requests.Session() as session:
        session.mount("http://", DeadlineAdapter())
        response = session.get(server.url, timeout=None)

    assert response.json() == {"ok": True}


def test_socks_proxy_keeps_its_own_connections():
    """Ours would go past the proxy."""
    adapter = DeadlineAdapter()

    manager = adapter.proxy_manager_for("socks5://127.0.0.1:1")

    assert "SOCKS" in manager.pool_classes_by_scheme["https"].__name__
    adapter.close()


@pytest.mark.parametrize("size", [b"-5", b"-1"])
def test_chunk_of_less_than_nothing(site, fields, size):
    """``http.client`` takes it, and reads with -1 all that ever comes."""
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
    site(sends(head + b"x" * 4_000_000))

    with refused(UpstreamRejected, UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)


def test_connection_that_fails_late_is_not_tried_again(site, fields):
    """The visitor has waited already."""

    def script(peer: Peer) -> bool:
        time.sleep(0.4)
        return False

    server = site(script, timeout=(0.2, 2))

    with refused(UpstreamUnavailable):
        MoralisBackend().request_challenge(fields)
    assert server.connections == 1


def test_nothing_is_read_once_the_time_is_over():
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"late")
        raw = socket.SocketIO(here, "r")
        reader = _DeadlineReader(raw, here, time.monotonic() - 1)

        with pytest.raises(TimeoutError, match="took too long"):
            reader.readinto(bytearray(4))
