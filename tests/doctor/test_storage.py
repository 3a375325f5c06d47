"""The database, the cache and sessions: those that work, and those that lack something."""

import secrets
import sys
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache

from allauth_moralis.doctor import storage
from allauth_moralis.doctor.neighbour import Neighbour, NeighbourFailed
from allauth_moralis.doctor.storage import database, try_cache, try_sessions

from .common import ADDRESS, FAILED, PASSED, WARNING, examined

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture
def alone(monkeypatch):
    """A second process that ends at once."""
    monkeypatch.setattr(sys, "executable", "false")
    with Neighbour() as neighbour:
        yield neighbour


@pytest.fixture
def cache_is(settings):
    def cache_is(backend: str, **options) -> None:
        settings.CACHES = {"default": {"BACKEND": backend, **options}}

    return cache_is


# --- The cache --------------------------------------------------------------------------------


def test_cache_of_one_process_is_not_shared():
    with Neighbour() as neighbour:
        finding = examined(try_cache, neighbour)

    assert finding.status == WARNING
    assert finding.seen.startswith("not shared")


def test_cache_that_processes_share(cache_is, tmp_path, monkeypatch):
    """As a file, which the second process is told of by the environment of the demo."""
    monkeypatch.setenv("CACHE_URL", f"filecache://{tmp_path}")
    cache_is("django.core.cache.backends.filebased.FileBasedCache", LOCATION=str(tmp_path))

    with Neighbour() as neighbour:
        finding = examined(try_cache, neighbour)

    # That it is shared is found in any case; that a file is not added in one step, by chance.
    assert finding.status in (PASSED, FAILED)
    assert "shared by processes" in finding.seen or "several requests at once" in finding.seen
    assert not list(Path(tmp_path).rglob("*.djcache"))


def test_second_process_that_does_not_start(alone):
    finding = examined(try_cache, alone)

    assert finding.status == PASSED
    assert finding.seen == "works here; with a second process it was not tried"


@pytest.mark.parametrize(
    ("backend", "status", "words"),
    [
        ("django.core.cache.backends.dummy.DummyCache", FAILED, "it keeps nothing"),
        ("tests.doctor.caches.InTwoSteps", FAILED, "a challenge can be used twice"),
        ("tests.doctor.caches.Refusing", WARNING, "none could add a key"),
        ("tests.doctor.caches.Everlasting", FAILED, "lives on"),
    ],
)
def test_cache_that_lacks_something(alone, cache_is, monkeypatch, backend, status, words):
    monkeypatch.setattr(storage, "PATIENCE", 0.2)
    if "Everlasting" not in backend:
        monkeypatch.setattr(storage, "PATIENCE", 3.0)
    cache_is(backend)

    finding = examined(try_cache, alone)

    assert finding.status == status
    assert words in finding.seen
    assert finding.advice


def test_cache_that_is_down(alone, cache_is):
    cache_is(
        "django.core.cache.backends.redis.RedisCache",
        LOCATION="redis://:a-secret-password@127.0.0.1:9/0",
    )

    finding = examined(try_cache, alone)

    assert (finding.status, finding.seen) == (
        FAILED,
        "it does not answer (ConnectionError): nobody signs in",
    )
    assert "a-secret-password" not in repr(finding)


def test_no_key_is_left_in_the_cache(alone, cache_is):
    cache_is(LOCMEM, LOCATION="doctor")

    examined(try_cache, alone)

    assert not cache._cache  # type: ignore[attr-defined] # of its one kind


# --- Sessions ---------------------------------------------------------------------------------

ENGINE = "django.contrib.sessions.backends."


@pytest.mark.django_db
def test_session_in_the_database_is_deleted(settings, alone):
    settings.SESSION_ENGINE = f"{ENGINE}db"

    finding = examined(try_sessions, ADDRESS, alone)

    assert finding.status == PASSED
    assert "with a second process it was not tried" in finding.seen
    assert not Session.objects.exists()


def test_session_that_a_second_process_does_not_find(settings):
    settings.SESSION_ENGINE = f"{ENGINE}cache"

    with Answering(session=["_session_expiry"]) as neighbour:
        finding = examined(try_sessions, ADDRESS, neighbour)

    assert finding.status == WARNING
    assert "does not find" in finding.seen
    assert "SECRET_KEY" in finding.advice


def test_session_that_a_second_process_finds(settings):
    settings.SESSION_ENGINE = f"{ENGINE}cache"

    with Answering(session=["_session_expiry", "allauth_moralis"]) as neighbour:
        finding = examined(try_sessions, ADDRESS, neighbour)

    assert (finding.status, finding.seen) == (
        PASSED,
        "saved here, found in a second process, deleted",
    )


class Answering(Neighbour):
    """A second process whose answers are known."""

    def __init__(self, session: list[str]) -> None:
        super().__init__()
        self.session = session

    def ask(self, question, *_):
        assert question == "session keys"
        return self.session


def test_sessions_that_are_not_kept(settings, alone, cache_is):
    settings.SESSION_ENGINE = f"{ENGINE}cache"
    cache_is("django.core.cache.backends.dummy.DummyCache")

    finding = examined(try_sessions, ADDRESS, alone)

    assert finding.status == FAILED
    assert "is not there" in finding.seen


def test_sessions_in_a_cookie(settings, alone):
    settings.SESSION_ENGINE = f"{ENGINE}signed_cookies"

    assert examined(try_sessions, ADDRESS, alone).status == PASSED


def test_cookie_that_is_too_long(settings, provider, alone):
    settings.SESSION_ENGINE = f"{ENGINE}signed_cookies"
    provider["STATEMENT"] = secrets.token_urlsafe(4000)

    finding = examined(try_sessions, ADDRESS, alone)

    assert finding.status == FAILED
    assert "of which browsers keep 4096" in finding.seen


def test_sessions_that_cannot_be_saved(settings, alone):
    settings.SESSION_ENGINE = f"{ENGINE}file"
    settings.SESSION_FILE_PATH = "/nowhere/at-all"

    finding = examined(try_sessions, ADDRESS, alone)

    assert (finding.status, finding.seen) == (FAILED, "it ended in ImproperlyConfigured")


# --- The database -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_database_of_this_machine():
    finding = examined(database)

    assert (finding.status, finding.seen) == (PASSED, "the table of social accounts is there")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [(0, PASSED, "less than 1 s from ours"), (90, WARNING, "90 s ahead of ours")],
)
def test_clock_of_the_database(monkeypatch, seconds, status, words):
    question = f"SELECT (julianday('now') - 2440587.5) * 86400 + {seconds}"
    monkeypatch.setitem(storage.EPOCH, "sqlite", question)

    finding = examined(database)

    assert finding.status == status
    assert words in finding.seen


@pytest.mark.django_db
def test_database_without_its_tables(monkeypatch):
    monkeypatch.setitem(storage.EPOCH, "sqlite", "SELECT 1 FROM nowhere")

    finding = examined(database)

    assert finding.status == FAILED
    assert finding.seen.endswith("cannot be read: OperationalError")


# --- The second process -----------------------------------------------------------------------


def test_second_process_of_settings_without_a_module(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")

    with Neighbour() as neighbour:
        finding = examined(neighbour.try_start)

    assert finding.status == WARNING


def test_second_process_imports_nothing_from_the_current_folder(monkeypatch, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])

    with Neighbour() as neighbour:
        assert examined(neighbour.try_start).status == PASSED


def test_second_process_answers_and_survives_a_wrong_question():
    with Neighbour() as neighbour:
        assert examined(neighbour.try_start).status == PASSED
        with pytest.raises(NeighbourFailed):
            neighbour.ask("what is your password?")
        assert neighbour.ask("cached", "nothing") is None
        assert neighbour.ask("add", ["one", "two"], 0.0) == [1, 1]


def test_second_process_that_says_nothing(monkeypatch, tmp_path):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(silent))
    monkeypatch.setattr("allauth_moralis.doctor.neighbour.PATIENCE", 0.2)

    with Neighbour() as neighbour, pytest.raises(NeighbourFailed):
        neighbour.ask("ready?")


def test_second_process_that_was_not_started_has_no_answer():
    with Neighbour() as neighbour, pytest.raises(NeighbourFailed):
        neighbour.receive()
