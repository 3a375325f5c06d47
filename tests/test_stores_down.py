"""While the database or the cache is down people read so, and nobody is signed in or out by it."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache.backends.locmem import LocMemCache
from django.db import OperationalError, connections
from django.test import Client
from django.urls import reverse

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db
SECRET = "connection to db.internal failed for user hidden"
SENTENCE = "This site cannot reach its own data right now. Please try again in a few minutes."
HEADLESS = "/_allauth/browser/v1/auth/provider"

Outage = Callable[[], AbstractContextManager[None]]


@contextmanager
def database_down() -> Iterator[None]:
    """The connection is lost: it takes no statement, and Django can no longer use it."""

    ours = connections["default"]

    def fail(*_: Any, **__: Any) -> Any:
        ours.errors_occurred = True
        raise OperationalError(SECRET)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ours, "errors_occurred", False)
        patch.setattr(ours, "cursor", fail)
        patch.setattr(ours, "is_usable", lambda: False)
        yield


class FailingCache(LocMemCache):
    is_down = False

    def _use(self) -> None:
        if FailingCache.is_down:
            raise ConnectionError(SECRET)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        self._use()
        return super().add(*args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self._use()
        return super().get(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._use()
        super().set(*args, **kwargs)


@contextmanager
def cache_down() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FailingCache, "is_down", True)
        yield


@pytest.fixture(params=["sessions in the database", "sessions in both"])
def outage(request: pytest.FixtureRequest, settings) -> Outage:
    """The database is down; or the cache, and sessions are read from it first."""
    if request.param == "sessions in the database":
        return database_down
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.FailingCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    return cache_down


def test_challenge(client, wallet, outage, caplog):
    with outage():
        response = request_challenge(client, wallet)

    assert (response.status_code, json_code(response)) == (503, "misconfigured")
    assert response.json()["error"]["message"] == SENTENCE
    ours = [record for record in caplog.records if record.name == "allauth_moralis"]
    assert [record.levelno for record in ours] == [logging.ERROR]
    assert "does not answer" in caplog.text
    assert "hidden" not in caplog.text


def test_challenge_in_a_session(client, wallet, other_wallet, outage):
    sign_in(client, wallet)

    with outage():
        response = request_challenge(client, other_wallet, process="connect")

    assert (response.status_code, json_code(response)) == (503, "misconfigured")


def test_answer_is_not_judged_and_can_be_given_again(client, wallet, outage):
    challenge, message = obtain_challenge(client, wallet)

    with outage():
        response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert SENTENCE in response.text
    assert "sessionid" not in response.cookies
    assert get_user_model().objects.count() == 0

    assert answer(client, challenge, wallet.sign(message)).status_code == 302
    assert user_of(client) is not None


def test_cache_that_goes_down_while_an_answer_is_judged(client, wallet, settings, monkeypatch):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.FailingCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    challenge, message = obtain_challenge(client, wallet)

    def judge(*_: Any) -> Any:
        monkeypatch.setattr(FailingCache, "is_down", True)
        raise SignatureInvalid

    monkeypatch.setattr(LocalBackend, "verify", judge)
    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    # In the database, where the session is kept as well, the challenge is used up.
    monkeypatch.undo()
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"


def test_wallet_page_of_whoever_is_signed_in(client, wallet, outage):
    sign_in(client, wallet)
    user = user_of(client)
    page = reverse("moralis_login")

    with outage():
        response = client.get(page, {"process": "connect", "next": "/there/"})

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    # What the page was for, it still is.
    assert "process%3Dconnect%26next%3D%252Fthere%252F" in response.text
    assert "sessionid" not in response.cookies
    assert user_of(client) == user


def test_profile_page(client, wallet, outage):
    sign_in(client, wallet)
    user = user_of(client)

    with outage():
        shown = client.get(reverse("moralis_profile"))
        named = client.post(reverse("moralis_label"), {"account": "1", "label": "Ledger"})

    assert (shown.status_code, page_code(shown)) == (503, "misconfigured")
    assert (named.status_code, page_code(named)) == (503, "misconfigured")
    assert user_of(client) == user


def test_wallet_page_of_whoever_comes_anew(client, outage):
    with outage():
        assert client.get(reverse("moralis_login")).status_code == 200


def test_headless_challenge(client, wallet, outage):
    with outage():
        response = client.post(
            f"{HEADLESS}/moralis/challenge",
            json.dumps(wallet.described),
            content_type="application/json",
        )

    assert response.status_code == 503
    assert response.json()["errors"] == [{"code": "misconfigured", "message": SENTENCE}]


def test_device(client, provider, outage):
    provider["CROSS_DEVICE"] = True

    with outage():
        response = client.post(reverse("moralis_device"), "{}", content_type="application/json")

    assert (response.status_code, json_code(response)) == (503, "misconfigured")


def test_headless_token_while_the_database_is_down(client: Client, wallet):
    asked = client.post(
        f"{HEADLESS}/moralis/challenge",
        json.dumps(wallet.described),
        content_type="application/json",
    ).json()["data"]
    proof = {"challenge": asked["challenge"], **wallet.prove(asked["message"])}
    token = {
        "provider": "moralis",
        "process": "login",
        "token": {"id_token": json.dumps(proof)},
    }
    client.get(reverse("account_login"))  # and with it the session is read

    with database_down():
        response = client.post(f"{HEADLESS}/token", json.dumps(token), "application/json")

    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == ["misconfigured"]


def test_sessions_in_the_cache_need_no_database(client, wallet, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"

    with database_down():
        assert request_challenge(client, wallet).status_code == 200
