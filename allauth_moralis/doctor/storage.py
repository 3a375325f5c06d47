"""What the site keeps: in the database, in the cache, in sessions."""

import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connections, router
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from .. import conf
from ..backends.local import challenge_here
from ..conf import PROVIDER_ID
from ..internal import stash
from ..internal.stash import Pending
from ..testing import EvmWallet
from . import race
from .findings import Result, difference, failed, passed, warning
from .hosts import Address
from .neighbour import Neighbour, NeighbourFailed
from .service import NOTABLE_SKEW, SET_THE_CLOCK
from .wallets import fields_for

PREFIX = "allauth_moralis:doctor:"
#: Keys that are added at once. A cache that adds in two steps is caught by some of them.
RACES = 40
CALLS = 10
SHORT_LIFE, PATIENCE = 1, 3.0  # seconds: of a key, and until it must be gone
HEAD_START = 0.2  # seconds for both processes to be ready
MAX_COOKIE = 4096  # bytes, with its name and attributes (RFC 6265)
ROOM_FOR_THE_SITE = 1000  # bytes
SHARED = 'Set a shared cache, such as Redis, as CACHES["default"], unless there is one process.'
#: How to ask for seconds since the epoch. SQLite has this machine's clock.
EPOCH = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "mysql": "SELECT unix_timestamp(now(6))",
}


def database() -> Result:
    """Read the table of accounts, and the database's clock."""
    alias = router.db_for_read(SocialAccount)
    try:
        SocialAccount.objects.filter(provider=PROVIDER_ID).exists()
        skew = _database_skew(alias)
    except DatabaseError as error:
        return failed(
            f"the table of social accounts cannot be read: {type(error).__name__}",
            "See that the database runs and lets us in, then run `manage.py migrate`.",
        )
    if skew is None:
        return passed("the table of social accounts is there")
    seen = f"the table of social accounts is there; the database's clock is {difference(skew)}"
    return warning(seen, SET_THE_CLOCK) if abs(skew) > NOTABLE_SKEW else passed(seen)


def _database_skew(alias: str) -> float | None:
    connection = connections[alias]
    question = EPOCH.get(connection.vendor)
    if question is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(question)
        (seconds,) = cursor.fetchone()
    return float(seconds) - time.time()


# --- The cache --------------------------------------------------------------------------------


def try_cache(neighbour: Neighbour) -> Result:
    """Try what used challenges and rate limits need of the cache."""
    name = PREFIX + get_random_string(22)
    keys = [f"{name}:{number}" for number in range(RACES)]
    written = [name, f"{name}:short", *keys]
    try:
        cache.set(name, name, timeout=race.LIFETIME)
        cache.set(written[1], 1, timeout=SHORT_LIFE)
        if cache.get(name) != name:
            return failed(
                "it keeps nothing: a challenge can be used twice, and nothing is limited",
                SHARED.partition(", unless")[0] + ".",
            )
        took = _milliseconds_of_a_call(name)
        problem = _others(neighbour, name, keys)
        if not _is_forgotten(written[1]):
            return failed(
                f"a key that was to live {SHORT_LIFE} s lives on: limits last for ever",
                "See to the cache's server and its settings.",
            )
        return problem or passed(
            f"shared by processes, adds in one step, forgets in time; a call takes {took:.1f} ms"
        )
    except Exception as error:  # noqa: BLE001 - each cache backend has exceptions of its own
        return failed(
            f"it does not answer ({type(error).__name__}): nobody signs in",
            'See that the server of CACHES["default"] runs and lets us in.',
        )
    finally:
        _delete(written)


def _milliseconds_of_a_call(key: str) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        cache.get(key)
    return (time.perf_counter() - started) / CALLS * 1000


def _others(neighbour: Neighbour, name: str, keys: list[str]) -> Result | None:
    """Return what is wrong with the cache as several processes see it."""
    try:
        if neighbour.ask("cached", name) != name:
            return _only_here(keys)
        at = time.time() + HEAD_START
        neighbour.send("add", keys, at)
        here = race.add(keys, at)
        there = neighbour.receive()
    except NeighbourFailed:
        return _judge(race.add(keys, time.time())) or passed(
            "works here; with a second process it was not tried"
        )
    return _judge([sum(pair) for pair in zip(here, there, strict=True)])


def _only_here(keys: list[str]) -> Result:
    return _judge(race.add(keys, time.time())) or warning(
        "not shared: a second process does not see what this one wrote", SHARED
    )


def _judge(wins: list[int]) -> Result | None:
    if max(wins) > 1:
        return failed(
            "several requests at once add the same key: a challenge can be used twice",
            'Use Redis, Memcached or the database as CACHES["default"].',
        )
    if min(wins) < 1:
        return warning(
            "of several requests at once, none could add a key: people are refused under load",
            'Use Redis or Memcached as CACHES["default"].',
        )
    return None


def _is_forgotten(key: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while cache.get(key) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _delete(keys: list[str]) -> None:
    with suppress(Exception):  # it is down, as was said; the keys end by themselves
        cache.delete_many(keys)


# --- Sessions ---------------------------------------------------------------------------------


def try_sessions(address: Address, neighbour: Neighbour) -> Result:
    """Keep a challenge in a session, and find it in another process."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session = store()
    try:
        _stash(session, address)
        session.save()
        key = session.session_key
        if stash.SESSION_KEY not in store(key).load():
            return failed(
                "what was saved is not there: every challenge is refused",
                "See to SESSION_ENGINE, and to the cache if sessions live there.",
            )
        if "signed_cookies" in settings.SESSION_ENGINE and _is_too_long(key):
            return failed(
                f"the cookie has {len(key)} bytes, of which browsers keep {MAX_COOKIE}",
                "Use another SESSION_ENGINE, or keep less in the session.",
            )
        return _found_elsewhere(key, neighbour)
    finally:
        if session.session_key:
            session.delete(session.session_key)


def _stash(session: Any, address: Address) -> None:
    request = HttpRequest()
    request.session = session
    session.set_expiry(race.LIFETIME)
    challenge = challenge_here(fields_for(EvmWallet(), address), issued_by="local")
    expires = time.time() + conf.current().challenge_ttl
    stash.put(
        request, Pending(challenge=challenge, login_state={"process": "login"}, expires_at=expires)
    )


def _is_too_long(cookie: str) -> bool:
    return len(cookie) + ROOM_FOR_THE_SITE > MAX_COOKIE


def _found_elsewhere(key: str, neighbour: Neighbour) -> Result:
    try:
        found = stash.SESSION_KEY in neighbour.ask("session keys", key)
    except NeighbourFailed:
        return passed("saved, read and deleted here; with a second process it was not tried")
    if not found:
        return warning(
            "a second process does not find the session: people are signed out at random",
            "Keep sessions in the database or in a shared cache, and have one SECRET_KEY for all "
            "processes, unless there is one process.",
        )
    return passed("saved here, found in a second process, deleted")
