"""Many requests at once: one process on SQLite, four on PostgreSQL and Redis."""

import ast
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from allauth_moralis.testing import EvmWallet

from .ceremony import search

ROOT = Path(__file__).parent.parent
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/test")
# Workers of one run are given databases of their own, of which Redis has sixteen.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS = os.environ.get("TEST_REDIS_URL", f"redis://127.0.0.1:6379/{15 - WORKER % 15}")
AT_ONCE = 16


@dataclass(frozen=True)
class Site:
    url: str
    env: dict[str, str]

    def count(self, model: str) -> int:
        """Rows of a model, as another process sees them."""
        return int(self.shell(f"print({model}.objects.count())"))

    def shell(self, code: str) -> str:
        imports = (
            "from django.contrib.auth import get_user_model\n"
            "from allauth.socialaccount.models import SocialAccount\n"
            "User = get_user_model()\n"
        )
        return manage(self.env, "shell", "--no-imports", "--command", imports + code)


def manage(env: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def serve(database: str, cache: str, *, workers: int) -> Iterator[Site]:
    """The demo as it is deployed: gunicorn, DEBUG off, its settings from the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "CACHE_URL": cache,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "MORALIS_RATE_LIMITS": "off",
        "MORALIS_CROSS_DEVICE": "1",
    }
    manage(env, "migrate", "--verbosity", "0")
    command = ["gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}", "--log-level=critical"]
    server = subprocess.Popen(
        [sys.executable, "-m", *command, f"--workers={workers}", "--threads=16"], cwd=ROOT, env=env
    )
    try:
        wait_for(port)
        yield Site(f"http://127.0.0.1:{port}", env)
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def sqlite_site(tmp_path_factory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("site") / "db.sqlite3"
    yield from serve(f"sqlite:///{path}", "locmemcache://", workers=1)


@pytest.fixture(scope="module")
def services_site() -> Iterator[Site]:
    name = f"allauth_moralis_{secrets.token_hex(4)}"
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=2)
    except (redis.RedisError, psycopg.OperationalError) as error:
        reason = (
            "needs PostgreSQL and Redis: start them, or name them in TEST_POSTGRES_URL and "
            f"TEST_REDIS_URL ({type(error).__name__})"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield from serve(re.sub(r"/[^/]*$", f"/{name}", POSTGRES), REDIS, workers=4)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


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


class Browser:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = requests.Session()
        self.read_token()

    def read_token(self) -> None:
        """Django changes it when somebody signs in."""
        page = self.http.get(f"{self.site.url}/accounts/moralis/login/", timeout=30).text
        self.token = search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]

    def enter(self, wallet: EvmWallet, process: str = "login") -> None:
        """The whole of it: ask, sign, answer, and keep the session."""
        challenge, message = self.ask(wallet, process)
        response = self.answer(challenge, wallet.sign(message))
        assert response.status_code == 302, response.text
        self.http.cookies.update(response.cookies)
        self.read_token()

    def post_form(self, path: str, **fields: object) -> requests.Response:
        # Not the session's own post: all the copies at once shall send the same cookies.
        return requests.post(
            f"{self.site.url}/accounts/{path}",
            data={**fields, "csrfmiddlewaretoken": self.token},
            cookies=self.http.cookies.get_dict(),
            allow_redirects=False,
            timeout=60,
        )

    def remove(self, row: int) -> requests.Response:
        return self.post_form("3rdparty/", account=row)

    def ask(self, wallet: EvmWallet, process: str = "login") -> tuple[str, str]:
        response = self.http.post(
            f"{self.site.url}/accounts/moralis/challenge/",
            json={"address": wallet.address, "process": process},
            headers={"X-CSRFToken": self.token},
            timeout=30,
        )
        assert response.status_code == 200, response.text
        return response.json()["challenge"], response.json()["message"]

    def answer(self, challenge: str, signature: str) -> requests.Response:
        return self.post_form("moralis/verify/", challenge=challenge, signature=signature)


def at_once(calls: Sequence[Callable[[], requests.Response]]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(r.status_code for r in pool.map(lambda call: call(), calls))


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


class Computer(Browser):
    """A browser without a wallet, which is signed in by a phone."""

    def post(self, path: str, data: dict[str, str]) -> dict[str, str]:
        response = self.http.post(
            f"{self.site.url}/accounts/moralis/{path}/",
            json=data,
            headers={"X-CSRFToken": self.token},
            timeout=30,
        )
        assert response.status_code == 200, response.text
        return response.json()

    def complete(self, code: str) -> requests.Response:
        return self.post_form("moralis/device/complete/", device_code=code)


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


def owner_and_rows(site: Site, *wallets: EvmWallet) -> list[tuple[int, int]]:
    """Of each wallet that anybody has: who has it, and the key of its row."""
    uids = [wallet.address for wallet in wallets]
    code = (
        "rows = dict((uid, (user, pk)) for uid, user, pk in "
        'SocialAccount.objects.values_list("uid", "user_id", "pk"))\n'
        f"print([rows[uid] for uid in {uids!r} if uid in rows])"
    )
    return ast.literal_eval(site.shell(code).strip())


def test_all_of_three_wallets_removed_at_once_leave_one(site):
    """Each of them twice, as by an impatient hand, and while they sign in elsewhere."""
    people: list[tuple[int, list[EvmWallet]]] = []
    calls: list[Callable[[], requests.Response]] = []
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
