"""A cache that is down and does not say so: nobody gets in, and the reason is the true one."""

import logging
from typing import Any

import pytest
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db


class SilentCache(DummyCache):
    """As django-redis with IGNORE_EXCEPTIONS, while Redis is down."""

    def add(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - Django's signature
        return None


class AskedCache(LocMemCache):
    keys: list[str] = []  # noqa: RUF012 - of the class, for the test to read

    def add(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self.keys.append(key)
        return super().add(key, *args, **kwargs)


@pytest.fixture
def down(settings) -> Any:
    def _down() -> None:
        settings.CACHES = {"default": {"BACKEND": f"{__name__}.SilentCache"}}

    return _down


def told(caplog) -> list[tuple[int, str]]:
    ours = [(level, m) for name, level, m in caplog.record_tuples if name == "allauth_moralis"]
    return [(level, m) for level, m in ours if m.startswith("refused")]


def test_challenge(client, wallet, down, caplog):
    down()

    response = request_challenge(client, wallet)

    assert (response.status_code, json_code(response)) == (503, "misconfigured")
    ((level, line),) = told(caplog)
    assert level == logging.ERROR
    assert "the cache does not answer" in line


@pytest.mark.parametrize("limits", [False, {"challenge": "5/m/ip"}])
def test_answer(client, wallet, down, provider, limits):
    provider["RATE_LIMITS"] = limits
    challenge, message = obtain_challenge(client, wallet)
    down()

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert user_of(client) is None


def test_limit_that_is_used_up_is_told_as_before(client, wallet, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    request_challenge(client, wallet)

    response = request_challenge(client, wallet)

    assert (response.status_code, json_code(response)) == (429, "rate_limited")


def test_nothing_more_is_asked_of_a_cache_that_says_yes(client, wallet, settings):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.AskedCache"}}
    AskedCache.keys.clear()

    sign_in(client, wallet)

    assert AskedCache.keys
    assert not [key for key in AskedCache.keys if "kept" in key]
