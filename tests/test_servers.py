"""Sites of somebody else's under a real server: its database, its addresses, and what is down."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
import requests

from allauth_moralis.testing import EvmWallet

from .processes import Site, connect
from .servers import serve
from .visitors import Browser, at_once, owner_and_rows


@pytest.fixture
def plain_site(tmp_path) -> Iterator[Site]:
    with serve("plain", tmp_path) as site:
        yield site


# --- SQLite as Django ships it ---------------------------------------------------------------


def test_removals_at_once_on_sqlite_as_it_ships(plain_site):
    """Neither is a 500, and one wallet stays."""
    browsers, wallets = [], []
    for _ in range(6):
        browser, pair = Browser(plain_site), [EvmWallet(), EvmWallet()]
        browser.enter(pair[0])
        browser.enter(pair[1], "connect")
        browsers += [browser, browser]
        wallets += pair
    rows = owner_and_rows(plain_site, *wallets)

    codes = at_once(
        [partial(browser.remove, pk) for browser, (_, pk) in zip(browsers, rows, strict=True)]
    )

    assert set(codes) <= {200, 302}, plain_site.log.read_text()[-3000:]
    left = [user for user, _ in owner_and_rows(plain_site, *wallets)]
    assert set(left) == {user for user, _ in rows}, "an account has no way in"


def test_first_sign_ins_at_once_on_sqlite_as_it_ships(plain_site):
    wallets = [EvmWallet() for _ in range(12)]
    calls = []
    for wallet in wallets:
        browser = Browser(plain_site)
        challenge, message = browser.ask(wallet)
        signature = wallet.sign(message)
        calls.append(lambda b=browser, c=challenge, s=signature: b.answer(c, s))

    codes = at_once(calls)

    assert set(codes) == {302}, plain_site.log.read_text()[-3000:]
    assert len(owner_and_rows(plain_site, *wallets)) == len(wallets)


# --- Addresses --------------------------------------------------------------------------------


def test_below_a_prefix_that_the_server_gives(tmp_path):
    """People land on this site after signing in, and not beside it (C7)."""
    with serve("plain", tmp_path, prefix="/app") as site:
        browser, wallet = Browser(site), EvmWallet()
        challenge, message = browser.ask(wallet)

        response = browser.answer(challenge, wallet.sign(message))
        assert response.headers["Location"] == "/app/accounts/profile/"
        browser.http.cookies.update(response.cookies)
        page = browser.http.get(f"{site.url}/accounts/profile/", timeout=30)
        assert wallet.address in page.text
        refused = browser.http.get(f"{site.url}/accounts/moralis/verify/", timeout=30)
        assert refused.url == f"{site.url}/accounts/moralis/login/"
        stranger = requests.get(f"{site.url}/accounts/profile/", timeout=30)
        assert stranger.url.startswith(f"{site.url}/accounts/login/?next=/app/")


def test_over_ipv6(tmp_path):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with serve("plain", tmp_path, address="::1") as site:
        browser, wallet = Browser(site), EvmWallet()
        _, message = browser.ask(wallet)

        assert f"\nURI: {site.url}/\n" in message
        assert message.startswith(f"{site.url.removeprefix('http://')} wants you to sign in")
        browser.enter(wallet)


# --- Behind a proxy ---------------------------------------------------------------------------


class Proxy(ThreadingHTTPServer):
    """Passes requests on as a proxy does that adds the visitor's address to X-Forwarded-For."""

    daemon_threads = True

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.connect = connect


class Forwarding(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        upstream = HTTPConnection(self.headers["Host"])
        upstream.sock = self.server.connect()
        # A test says who the visitor is; a real proxy sees it.
        visitor = self.headers.get("X-Test-Visitor", self.client_address[0])
        headers = {**self.headers, "X-Forwarded-For": visitor, "Connection": "close"}
        length = int(self.headers.get("Content-Length", 0))
        upstream.request(self.command, self.path, self.rfile.read(length), headers)
        response = upstream.getresponse()
        body = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        upstream.close()

    do_POST = do_GET  # noqa: N815 - as the standard library calls it

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def behind_proxy(site: str, folder: Path, *, by_socket: bool) -> Iterator[Site]:
    # Not the folder of the test, whose name may be too long for a socket.
    with TemporaryDirectory() as short:
        address = f"{short}/site" if by_socket else "127.0.0.1"
        with serve(site, folder, address=address) as served:
            port = None if by_socket else int(served.url.rpartition(":")[2])
            with Proxy(lambda: connect(address, port)) as proxy:
                Thread(target=proxy.serve_forever, daemon=True).start()
                yield replace(served, url=f"http://127.0.0.1:{proxy.server_port}")
                proxy.shutdown()


def challenge_status(site: Site, visitor: str) -> int:
    browser = Browser(site)
    return browser.http.post(
        f"{site.url}/accounts/moralis/challenge/",
        json={"address": EvmWallet().address},
        headers={"X-CSRFToken": browser.token, "X-Test-Visitor": visitor},
        timeout=30,
    ).status_code


@pytest.mark.parametrize("by_socket", [False, True], ids=["TCP", "unix socket"])
def test_behind_a_proxy_that_the_site_knows(tmp_path, by_socket):
    """Everybody has a limit of their own, and gets in (B3)."""
    with behind_proxy("behind_proxy", tmp_path, by_socket=by_socket) as site:
        Browser(site).enter(EvmWallet())
        statuses = [challenge_status(site, "192.0.2.1") for _ in range(3)]
        assert statuses == [200, 200, 429]

        assert challenge_status(site, "192.0.2.2") == 200


def test_on_a_unix_socket_that_the_site_knows_nothing_of(tmp_path):
    """Nobody gets a challenge, and the log says what to set (B3)."""
    with behind_proxy("plain", tmp_path, by_socket=True) as site:
        assert challenge_status(site, "192.0.2.1") == 503

        (line,) = site.lines("misconfigured")
        assert "ALLAUTH_TRUSTED_PROXY_COUNT" in line
        assert "ALLAUTH_TRUSTED_CLIENT_IP_HEADER" in line


# --- What is down -----------------------------------------------------------------------------


def test_cache_that_does_not_answer(tmp_path):
    """Challenge and verify refuse in their documented forms, and nobody is let in (C3)."""
    with serve("cache_down", tmp_path) as site:
        browser, wallet = Browser(site), EvmWallet()
        url = f"{site.url}/accounts/moralis"
        headers = {"X-CSRFToken": browser.token}

        asked = browser.http.post(
            f"{url}/challenge/", json={"address": wallet.address}, headers=headers, timeout=30
        )
        assert (asked.status_code, asked.json()["error"]["code"]) == (503, "misconfigured")
        (line,) = site.lines("misconfigured")
        assert "the cache does not answer" in line
        answered = browser.answer("a-handle", "0x00")
        assert answered.status_code == 503
        assert 'data-error-code="misconfigured"' in answered.text
        api = f"{site.url}/_allauth/app/v1/auth/provider"
        asked = requests.post(
            f"{api}/moralis/challenge", json={"address": wallet.address}, timeout=30
        )
        assert (asked.status_code, asked.json()["errors"][0]["code"]) == (503, "misconfigured")
        assert int(site.shell("print(User.objects.count())")) == 0
