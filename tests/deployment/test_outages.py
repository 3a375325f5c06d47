"""What a deployment needs is stopped and started again: people are told, and nobody restarts it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import requests

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import ContractWallet, EvmWallet

from ..ceremony import search
from ..processes import Site, environment, free_port, served, until
from ..services import Line
from ..visitors import Browser

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("deployment")]
API_KEY = "key-that-must-not-be-seen-anywhere"
WORKERS = 3
PATIENCE = 30  # seconds: the workers find out for themselves, and a circuit is open for ten


@dataclass(frozen=True)
class Deployment:
    site: Site
    database: Line
    cache: Line
    service: Line
    node: Line

    def health(self) -> tuple[int, dict[str, str]]:
        response = requests.get(f"{self.site.url}/healthz", timeout=30)
        return response.status_code, response.json()


@pytest.fixture(scope="module")
def deployment(database_and_cache, tmp_path_factory) -> Iterator[Deployment]:
    """The site, with a line to all that they need. That to the node is not there yet."""
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator())
        urls = (*database_and_cache, emulator.url)
        database, cache, service = (stack.enter_context(Line(url)) for url in urls)
        node = Line(f"http://127.0.0.1:{free_port()}")
        env = environment(
            database.url,
            cache.url,
            workers=WORKERS,
            MORALIS_API_KEY=API_KEY,
            MORALIS_BASE_URL=service.url,
            MORALIS_RPC=f"1={node.url}",
            NO_PROXY="*",
        )
        site = stack.enter_context(served(env, tmp_path_factory.mktemp("site")))
        yield Deployment(site, database, cache, service, node)


@pytest.fixture
def site(deployment) -> Iterator[Site]:
    """The site, which is the same all the time, and writes no secret into its log."""
    until(lambda: len(deployment.site.workers()) == WORKERS)
    workers = deployment.site.workers()
    yield deployment.site
    assert deployment.site.workers() == workers
    log = deployment.site.log.read_text()
    for secret in (API_KEY, deployment.site.env["SECRET_KEY"]):
        assert secret not in log


def eventually(attempt: Callable[[], object]) -> None:
    """Try until it succeeds six times in a row, by whichever worker."""
    deadline = time.monotonic() + PATIENCE
    successes = 0
    while successes < 6:
        try:
            attempt()
            successes += 1
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            successes = 0
            time.sleep(0.2)


def told(response: requests.Response) -> tuple[int, str]:
    """The status and the code of a refusal, which is JSON or the wallet page."""
    if response.headers["Content-Type"] == "application/json":
        return response.status_code, response.json()["error"]["code"]
    return response.status_code, search(r'data-error-code="(\w+)"', response.text)[1]


def is_well(deployment: Deployment) -> None:
    assert deployment.health()[0] == 200
    Browser(deployment.site).enter(EvmWallet())


def test_database(deployment, site):
    member, visitor, wallet = Browser(site), Browser(site), EvmWallet()
    member.enter(EvmWallet())
    challenge, message = visitor.ask(wallet)

    deployment.database.cut()
    assert deployment.health() == (
        503,
        {"status": "failed", "process": "ok", "database": "failed", "cache": "ok"},
    )
    stranger = Browser(site)  # the wallet page wants no database
    assert told(stranger.try_to_ask(EvmWallet())) == (503, "misconfigured")
    assert told(visitor.answer(challenge, wallet.sign(message))) == (503, "misconfigured")
    page = member.http.get(f"{site.url}/accounts/moralis/login/?process=connect", timeout=30)
    assert told(page) == (503, "misconfigured")

    deployment.database.mend()
    eventually(lambda: is_well(deployment))
    # The attempt has used the text up; and who was in is in.
    assert told(visitor.answer(challenge, wallet.sign(message))) == (403, "challenge_missing")
    visitor.enter(wallet)
    profile = member.http.get(f"{site.url}/accounts/profile/", timeout=30)
    assert profile.url == f"{site.url}/accounts/profile/"


def test_cache(deployment, site):
    member, visitor, wallet = Browser(site), Browser(site), EvmWallet()
    member.enter(EvmWallet())
    challenge, message = visitor.ask(wallet)

    deployment.cache.cut()
    assert deployment.health() == (
        503,
        {"status": "failed", "process": "ok", "database": "ok", "cache": "failed"},
    )
    assert told(visitor.try_to_ask(wallet)) == (503, "misconfigured")
    assert told(visitor.answer(challenge, wallet.sign(message))) == (503, "misconfigured")
    page = member.http.get(f"{site.url}/accounts/moralis/login/?process=connect", timeout=30)
    assert told(page) == (503, "misconfigured")

    deployment.cache.mend()
    eventually(lambda: is_well(deployment))
    assert visitor.answer(challenge, wallet.sign(message)).status_code == 302
    profile = member.http.get(f"{site.url}/accounts/profile/", timeout=30)
    assert profile.url == f"{site.url}/accounts/profile/"


def test_service(deployment, site):
    visitor, wallet = Browser(site), EvmWallet()
    challenge, message = visitor.ask(wallet)

    deployment.service.cut()
    assert told(visitor.answer(challenge, wallet.sign(message))) == (503, "upstream_unavailable")
    assert told(Browser(site).try_to_ask(EvmWallet())) == (503, "upstream_unavailable")
    assert deployment.health()[0] == 200  # nothing of ours is down

    deployment.service.mend()
    eventually(lambda: is_well(deployment))
    # The attempt has used it up.
    assert told(visitor.answer(challenge, wallet.sign(message))) == (503, "upstream_unavailable")
    visitor.enter(wallet)


def test_node(deployment, site):
    evm = pytest.importorskip(
        "tests.chain.evm", reason="pyrevm has wheels for Python 3.11 and 3.12 alone"
    )
    chain, owner = evm.Chain(), EvmWallet()
    wallet = ContractWallet(chain.deploy("Owner", owner.address), owner)
    with chain.serve() as node:
        deployment.node.lead_to(node.url)
        with deployment.node:
            Browser(site).enter(wallet)
            deployment.node.cut()

            visitor = Browser(site)
            challenge, message = visitor.ask(wallet)
            answered = visitor.answer(challenge, wallet.sign(message))
            assert told(answered) == (503, "upstream_unavailable")
            Browser(site).enter(EvmWallet())  # a key's signature needs no node

            deployment.node.mend()
            eventually(lambda: Browser(site).enter(wallet))
