"""Workers are killed and replaced while people sign in."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from allauth_moralis.testing import EvmWallet

from ..processes import Site, environment, served, until
from ..visitors import Browser

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("deployment")]
WORKERS = 4
#: Users without a wallet.
HALF = "auth_user WHERE id NOT IN (SELECT user_id FROM socialaccount_socialaccount)"


@pytest.fixture(scope="module")
def site(database_and_cache, tmp_path_factory) -> Iterator[Site]:
    env = environment(*database_and_cache, workers=WORKERS)
    with served(env, tmp_path_factory.mktemp("site")) as running:
        yield running


def count(site: Site, what: str) -> int:
    with psycopg.connect(site.env["DATABASE_URL"]) as connection:
        row = connection.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608 - ours
    assert row
    return int(row[0])


def test_two_hundred_wallets_are_two_hundred_users(site):
    before = count(site, "auth_user")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: Browser(site).enter(EvmWallet()), range(200)))

    assert count(site, "auth_user") == before + 200


def test_worker_killed_in_the_middle_of_a_sign_up_leaves_no_half_account(site):
    """The user is written, and the wallet waits for its turn, when everything ends."""
    wallet, browser, before = EvmWallet(), Browser(site), count(site, "auth_user")
    challenge, message = browser.ask(wallet)
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    table = "socialaccount_socialaccount"

    with psycopg.connect(site.env["DATABASE_URL"]) as other, ThreadPoolExecutor(1) as pool:
        other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        answer = pool.submit(browser.answer, challenge, wallet.sign(message))
        until(lambda: other.execute(waiting, [table]).fetchone() == (1,))
        killed = site.workers()
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        with pytest.raises(requests.ConnectionError):
            answer.result()
        other.rollback()

    until(lambda: len(site.workers() - killed) == WORKERS)
    assert count(site, "auth_user") == before
    again = browser.answer(challenge, wallet.sign(message))  # as a reload posts it
    assert again.status_code == 403
    assert 'data-error-code="challenge_missing"' in again.text
    browser.enter(wallet)
    assert count(site, "auth_user") == before + 1
    assert count(site, HALF) == 0


def test_rolling_restart_loses_nobody(site):
    """As `systemctl reload` does it: SIGHUP, with people signing in all the time."""
    member = Browser(site)
    member.enter(EvmWallet())
    is_over, signed_in = threading.Event(), []

    def keep_signing_in() -> None:
        while not is_over.is_set():
            Browser(site, keeps_connections=False).enter(EvmWallet())
            signed_in.append(1)

    old = site.workers()
    with ThreadPoolExecutor(4) as pool:
        people = [pool.submit(keep_signing_in) for _ in range(4)]
        try:
            until(lambda: len(signed_in) > 8)
            site.server.send_signal(signal.SIGHUP)
            until(lambda: len(site.workers() - old) == WORKERS and not site.workers() & old)
        finally:
            is_over.set()
    for person in people:
        person.result()

    profile = member.http.get(f"{site.url}/accounts/profile/", timeout=30)
    assert profile.url == f"{site.url}/accounts/profile/"
