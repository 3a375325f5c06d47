"""What is said to be down is down. All else is a bug, and keeps its own exception."""

import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.sessions.backends import db
from django.core.cache import cache
from django.db import OperationalError, ProgrammingError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.urls import reverse
from psycopg_pool import PoolTimeout

from allauth_moralis.exceptions import StorageUnavailable
from allauth_moralis.internal.stores import cache_must_answer, database_must_answer
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .services import stores


class SessionStore(db.SessionStore):
    error: Exception | None = None

    def load(self) -> Any:
        if self.error is not None:
            raise self.error
        return super().load()


def rename(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")


@pytest.mark.django_db
def test_table_of_sessions_that_is_missing(client, wallet):
    sign_in(client, wallet)
    rename("django_session")

    with pytest.raises(OperationalError, match="no such table: django_session"):
        client.get(reverse("moralis_login"))


@pytest.mark.django_db
def test_table_of_accounts_that_is_missing(client, wallet, caplog):
    challenge, message = obtain_challenge(client, wallet)
    rename("socialaccount_socialaccount")
    client.raise_request_exception = False

    response = answer(client, challenge, wallet.sign(message))

    assert response.status_code == 500
    assert "no such table: socialaccount_socialaccount" in caplog.text
    assert "does not answer" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [ProgrammingError('relation "django_session" does not exist'), TypeError("a bug")],
    ids=lambda error: type(error).__name__,
)
def test_bug_of_a_session_engine(client, wallet, settings, monkeypatch, error):
    settings.SESSION_ENGINE = __name__
    sign_in(client, wallet)
    monkeypatch.setattr(SessionStore, "error", error)

    with pytest.raises(type(error)) as raised:
        request_challenge(client, wallet)

    assert raised.value is error


@pytest.mark.django_db
def test_session_engine_whose_store_is_down(client, wallet, settings, monkeypatch, caplog):
    """It need not be the cache."""
    settings.SESSION_ENGINE = __name__
    sign_in(client, wallet)
    monkeypatch.setattr(SessionStore, "error", ConnectionRefusedError())

    assert request_challenge(client, wallet).status_code == 503
    assert "what keeps the sessions does not answer: ConnectionRefusedError" in caplog.text


@pytest.mark.django_db
def test_table_of_a_cache_in_the_database_that_is_missing(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "not_created",
        }
    }

    with pytest.raises(OperationalError, match="no such table: not_created"), cache_must_answer():
        cache.get("a-key")


def test_sqlite_that_is_locked(tmp_path):
    path = tmp_path / "database"
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as two:
        one.execute("BEGIN EXCLUSIVE")

        with (
            pytest.raises(StorageUnavailable, match="the database does not answer"),
            database_must_answer(),
            connection.wrap_database_errors,
        ):
            two.execute("BEGIN EXCLUSIVE")


def test_pool_without_a_connection_for_us():
    with pytest.raises(StorageUnavailable), database_must_answer():
        raise OperationalError from PoolTimeout()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        (SimpleNamespace(closed=True), StorageUnavailable),
        (SimpleNamespace(closed=False), OperationalError),
        (None, StorageUnavailable),  # it could not be made
    ],
)
def test_connection_in_a_transaction(monkeypatch, driver, expected):
    """It cannot be asked: PostgreSQL would refuse, as it refuses all after an error."""
    ours = connections["default"]

    with monkeypatch.context() as patch:
        patch.setattr(ours, "connection", driver)
        patch.setattr(ours, "errors_occurred", True)
        with pytest.raises(expected), database_must_answer():
            raise OperationalError


@pytest.fixture
def postgres(monkeypatch):
    """A connection to PostgreSQL that Django knows, and the address of the server."""
    with stores() as (url, _):
        parts = urlsplit(url)
        options = {
            **connections["default"].settings_dict,
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "USER": parts.username,
            "PASSWORD": parts.password or "",
            "HOST": parts.hostname,
            "PORT": parts.port or "",
            "OPTIONS": {},
        }
        monkeypatch.setitem(connections.settings, "postgres", options)
        connections["postgres"] = wrapper = DatabaseWrapper(options, "postgres")
        try:
            yield wrapper, url
        finally:
            wrapper.close()
            del connections["postgres"]


def terminate(wrapper: DatabaseWrapper, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [wrapper.connection.info.backend_pid])


@pytest.mark.services
@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize("is_atomic", [False, True])
@pytest.mark.parametrize("is_lost", [False, True])
def test_postgres(postgres, django_db_blocker, is_atomic, is_lost):
    """A statement that takes too long is the site's own fault; a connection that is cut is not."""
    wrapper, url = postgres
    with django_db_blocker.unblock():
        wrapper.ensure_connection()
        wrapper.set_autocommit(not is_atomic)
        wrapper.in_atomic_block = is_atomic
        with wrapper.cursor() as cursor:
            cursor.execute("SET statement_timeout = 10")
            if is_lost:
                terminate(wrapper, url)

            with (
                pytest.raises(StorageUnavailable if is_lost else OperationalError),
                database_must_answer(),
            ):
                cursor.execute("SELECT pg_sleep(5)")

        wrapper.in_atomic_block = False
