"""``/healthz`` of the demo, by which a container, a proxy or a monitor sees whether all is well."""

import logging
from typing import Any

import pytest
from django.core.cache.backends.dummy import DummyCache
from django.db import OperationalError

from config import health

pytestmark = pytest.mark.django_db
SECRET = "redis://:hidden@cache.internal"


class BrokenCache(DummyCache):
    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ARG002 - Django's signature
        raise ConnectionError(SECRET)


class SilentCache(DummyCache):
    """As clients of Memcached, while it is down."""

    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ARG002 - Django's signature
        return False


def test_all_is_well(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "process": "ok", "database": "ok", "cache": "ok"}


def test_one_statement_no_session_and_nothing_to_keep(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")

    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


def test_asked_from_within_by_an_address_and_without_https(client, settings):
    """As the health check of a container does: neither a redirect nor a refusal."""
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["example.com"]

    response = client.get("/healthz", headers={"host": "10.0.0.7:8000"})

    assert response.status_code == 200


@pytest.mark.parametrize("cache", ["BrokenCache", "SilentCache"])
def test_cache_that_does_not_answer(client, settings, caplog, cache):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.{cache}"}}

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "failed",
        "process": "ok",
        "database": "ok",
        "cache": "failed",
    }
    assert "no-store" in response["Cache-Control"]
    assert caplog.record_tuples == [
        ("config.health", logging.ERROR, "The cache does not answer: ConnectionError"),
        ("django.request", logging.ERROR, "Service Unavailable: /healthz"),
    ]


def test_database_that_does_not_answer(client, monkeypatch, caplog):
    def fail() -> None:
        raise OperationalError("connection to server at db.internal, user hidden, failed")

    monkeypatch.setattr(health, "_ask_database", fail)

    response = client.get("/healthz")

    assert (response.status_code, response.json()["database"]) == (503, "failed")
    assert response.json()["cache"] == "ok"
    assert "hidden" not in caplog.text + response.text


def test_nothing_but_a_question(client):
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").status_code == 200
    assert client.get("/healthz/").status_code == 404
