"""Many requests at once: one process on SQLite, four on PostgreSQL and Redis."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from allauth_moralis.testing import EvmWallet

from .processes import Site, demo
from .services import stores
from .visitors import Browser, Call, Computer, at_once, owner_and_rows

AT_ONCE = 16


@pytest.fixture(scope="module")
def sqlite_site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with demo(f"sqlite:///{folder}/db.sqlite3", "locmemcache://", folder, workers=1) as site:
        yield site


@pytest.fixture(scope="module")
def services_site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with stores() as (database, cache), demo(database, cache, folder, workers=4) as site:
        yield site


# Of each site there is one, in one worker.
SITES = [
    pytest.param("sqlite", marks=pytest.mark.xdist_group("sqlite_site")),
    pytest.param(
        "services", marks=[pytest.mark.services, pytest.mark.xdist_group("services_site")]
    ),
]


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest) -> Site:
    return request.getfixturevalue(f"{request.param}_site")


def test_one_challenge_answered_at_once_is_one_login(site):
    wallet = EvmWallet()
    browser = Browser(site)
    challenge, message = browser.ask(wallet)
    signature = wallet.sign(message)

    codes = at_once([lambda: browser.answer(challenge, signature)] * AT_ONCE)

    assert codes.count(302) == 1
    # 400 is Django's word for a session that ended while it was being used.
    assert set(codes) <= {302, 400, 403}


def test_the_first_login_of_one_wallet_in_many_browsers_at_once(site):
    wallet = EvmWallet()
    calls = []
    for browser in [Browser(site) for _ in range(AT_ONCE)]:
        challenge, message = browser.ask(wallet)
        signature = wallet.sign(message)
        calls.append(lambda b=browser, c=challenge, s=signature: b.answer(c, s))
    users = site.count("User")

    codes = at_once(calls)

    assert codes == [302] * AT_ONCE
    assert site.count("User") == users + 1


def test_the_first_logins_of_many_wallets_at_once(site):
    calls = []
    for _ in range(AT_ONCE):
        wallet, browser = EvmWallet(), Browser(site)
        challenge, message = browser.ask(wallet)
        signature = wallet.sign(message)
        calls.append(lambda b=browser, c=challenge, s=signature: b.answer(c, s))
    users = site.count("User")

    codes = at_once(calls)

    assert codes == [302] * AT_ONCE
    assert site.count("User") == users + AT_ONCE


def test_completions_at_once_of_what_a_phone_approved_are_one_login(site):
    """Whichever process each of them reaches."""
    wallet, computer, phone = EvmWallet(), Computer(site), Computer(site)
    told = computer.post("device", {})
    device = told["verification_uri"].rstrip("/").rpartition("/")[2]
    scanned = {"process": "device", "device": device, "number": told["number"]}
    issued = phone.post("challenge", {"address": wallet.address, **scanned})
    approved = phone.answer(issued["challenge"], wallet.sign(issued["message"]))
    assert approved.status_code == 200, approved.text
    assert computer.post("device/poll", told) == {"status": "approved"}

    codes = at_once([lambda: computer.complete(told["device_code"])] * AT_ONCE)

    assert codes.count(302) == 1
    assert set(codes) <= {302, 400, 403}
    assert phone.post("device/poll", told) == {"status": "expired"}


def test_answers_of_many_phones_at_once_are_one_approval(site):
    computer, calls = Computer(site), []
    told = computer.post("device", {})
    device = told["verification_uri"].rstrip("/").rpartition("/")[2]
    scanned = {"process": "device", "device": device, "number": told["number"]}
    for _ in range(AT_ONCE):
        wallet, phone = EvmWallet(), Computer(site)
        issued = phone.post("challenge", {"address": wallet.address, **scanned})
        proof = issued["challenge"], wallet.sign(issued["message"])
        calls.append(partial(phone.answer, *proof))

    codes = at_once(calls)

    assert sorted(codes) == [200] + [403] * (AT_ONCE - 1)
    assert computer.complete(told["device_code"]).status_code == 302


# --- Leaving ----------------------------------------------------------------------------------


def test_all_of_three_wallets_removed_at_once_leave_one(site):
    """Each of them twice, as by an impatient hand, and while they sign in elsewhere."""
    people: list[tuple[int, list[EvmWallet]]] = []
    calls: list[Call] = []
    for _ in range(AT_ONCE // 3):
        browser, wallets = Browser(site), [EvmWallet() for _ in range(3)]
        browser.enter(wallets[0])
        for wallet in wallets[1:]:
            browser.enter(wallet, "connect")
        rows = owner_and_rows(site, *wallets)
        people.append((rows[0][0], wallets))
        for wallet, (_, pk) in zip(wallets, rows, strict=True):
            calls += [partial(browser.remove, pk)] * 2
            elsewhere = Browser(site)
            challenge, message = elsewhere.ask(wallet)
            signature = wallet.sign(message)
            calls.append(partial(elsewhere.answer, challenge, signature))

    codes = at_once(calls)

    assert set(codes) <= {200, 302}
    for user, wallets in people:
        owners = [owner for owner, _ in owner_and_rows(site, *wallets)]
        assert user in owners, "an account has no way in"


@pytest.mark.services
@pytest.mark.xdist_group("services_site")
def test_a_wallet_removed_while_it_signs_in_stays_removed(services_site):
    """The sign-in has begun to read when the removal is not yet there for all to see."""
    stolen, kept = EvmWallet(), EvmWallet()
    owner, thief = Browser(services_site), Browser(services_site)
    owner.enter(stolen)
    owner.enter(kept, "connect")
    ((user, row), _) = owner_and_rows(services_site, stolen, kept)
    challenge, message = thief.ask(stolen)

    with (
        psycopg.connect(services_site.env["DATABASE_URL"]) as removal,
        ThreadPoolExecutor(1) as pool,
    ):
        removal.execute("DELETE FROM socialaccount_socialaccount WHERE id = %s", [row])
        answer = pool.submit(thief.answer, challenge, stolen.sign(message))
        with pytest.raises(TimeoutError):
            answer.result(timeout=1)
        removal.commit()
        assert answer.result().status_code == 302

    now, _ = owner_and_rows(services_site, stolen)[0]
    assert now != user, "the wallet opens the old account again"
