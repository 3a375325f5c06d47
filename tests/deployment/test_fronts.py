"""The demo as it is deployed, through the server in front of it; and under uvicorn."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from allauth_moralis.testing import EvmWallet

from ..ceremony import search
from ..processes import UVICORN, Site, environment, manage, served
from ..visitors import Browser, at_once
from . import fronts
from .fronts import Front

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("deployment")]
LIMIT = 30  # challenges in a minute, by default


@pytest.fixture(scope="module")
def site(database_and_cache, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    env = environment(
        *database_and_cache,
        workers=2,
        HTTPS="1",
        BEHIND_PROXY="1",
        STATIC_ROOT=str(folder / "static"),
        ALLOWED_HOSTS="localhost",
        MORALIS_RATE_LIMITS="on",
    )
    manage(env, "collectstatic", "--no-input", "--verbosity", "0")
    with served(env, folder) as running:
        yield running


@pytest.fixture(params=[fronts.caddy, fronts.nginx], ids=lambda front: front.__name__)
def front(request, site, tmp_path, monkeypatch) -> Iterator[Front]:
    with request.param(site, tmp_path) as running:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.authority))
        monkeypatch.setenv("NO_PROXY", "*")
        yield running


def through(front: Front, site: Site) -> Site:
    return replace(site, url=front.url)


def test_signing_in(front, site):
    """The text names the host that people see, and its port; and the session lasts."""
    browser, wallet = Browser(through(front, site)), EvmWallet()
    host = front.url.removeprefix("https://")

    _, message = browser.ask(wallet)
    assert message.startswith(f"{host} wants you to sign in")
    assert f"\nURI: {front.url}/\n" in message

    browser.enter(wallet)
    profile = browser.http.get(f"{front.url}/accounts/profile/", timeout=30)
    assert wallet.address in profile.text


def test_headers_are_there_once(front):
    response = requests.get(f"{front.url}/accounts/moralis/login/", timeout=30)

    sent = response.raw.headers
    assert sent.getlist("Strict-Transport-Security") == [
        "max-age=31536000; includeSubDomains; preload"
    ]
    (policy,) = sent.getlist("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert sent.getlist("Cross-Origin-Opener-Policy") == ["same-origin-allow-popups"]
    assert sent.getlist("X-Frame-Options") == ["DENY"]
    assert sent.getlist("X-Content-Type-Options") == ["nosniff"]
    assert sent.getlist("Referrer-Policy") == ["same-origin"]
    assert "gunicorn" not in response.headers.get("Server", "")
    assert "Secure" in response.headers["Set-Cookie"]


def test_http_leads_to_https(front):
    response = requests.get(
        f"{front.plain_url}/accounts/moralis/login/?next=/there/",
        allow_redirects=False,
        timeout=30,
    )

    assert response.status_code in (301, 308)
    assert response.headers["Location"].startswith("https://localhost")
    assert response.headers["Location"].endswith("/accounts/moralis/login/?next=/there/")


def test_static_files_have_hashed_names_and_are_kept(front):
    page = requests.get(f"{front.url}/accounts/moralis/login/", timeout=30).text
    style = search(r'href="(/static/site\.[0-9a-f]{12}\.css)"', page)[1]

    response = requests.get(front.url + style, timeout=30)

    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert "immutable" in response.headers["Cache-Control"]


def test_health_is_seen_from_outside(front):
    response = requests.get(f"{front.url}/healthz", timeout=30)

    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_another_host_gets_no_page(front):
    response = requests.get(front.url, headers={"Host": "evil.example"}, timeout=30)

    assert "csrfmiddlewaretoken" not in response.text
    assert "evil.example" not in response.text


def test_another_host_is_not_led_to_itself(front):
    try:
        response = requests.get(
            front.plain_url,
            headers={"Host": "evil.example"},
            allow_redirects=False,
            timeout=30,
        )
    except requests.ConnectionError:  # closed without a word
        return

    assert "evil.example" not in response.headers.get("Location", "")


class From(HTTPAdapter):
    """Connects from another address of this machine."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        address = f"127.0.0.{secrets.choice(range(2, 250))}"
        super().init_poolmanager(*args, **kwargs, source_address=(address, 0))


def test_an_invented_address_does_not_get_around_the_limit(front, site):
    """The front puts what it sees in the place of what visitors send."""
    browser = Browser(through(front, site))
    browser.http.mount("https://", From())

    def ask(number: int) -> int:
        browser.http.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        return browser.try_to_ask(EvmWallet()).status_code

    statuses = [ask(number) for number in range(LIMIT + 1)]

    assert statuses == [200] * LIMIT + [429]


def test_uvicorn(database_and_cache, tmp_path):
    env = environment(*database_and_cache, workers=2)
    with served(env, tmp_path, command=UVICORN) as running:
        browser, wallet = Browser(running), EvmWallet()
        challenge, message = browser.ask(wallet)
        signature = wallet.sign(message)

        codes = at_once([lambda: browser.answer(challenge, signature)] * 16)

        assert codes.count(302) == 1
        assert set(codes) <= {302, 400, 403}
        assert requests.get(f"{running.url}/healthz", timeout=30).status_code == 200
