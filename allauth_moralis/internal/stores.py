"""What the site keeps its data in: the database, the cache and, in one of them, the sessions.

While one of them is down, whatever needs it is refused by a ``StorageUnavailable``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import InterfaceError, OperationalError, connections, router
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from ..exceptions import StorageUnavailable, WalletError


@contextmanager
def cache_must_answer() -> Iterator[None]:
    """Raise ``StorageUnavailable`` if the cache is down: limits and used challenges are in it."""
    try:
        yield
    except (PermissionDenied, ImproperlyConfigured, WalletError):
        raise
    except Exception as error:  # noqa: BLE001 - each cache backend has exceptions of its own
        raise StorageUnavailable(f"the cache does not answer: {type(error).__name__}") from None


def cache_must_keep() -> None:
    """Raise ``StorageUnavailable`` if the cache is down and says "no" instead of failing.

    django-redis with ``IGNORE_EXCEPTIONS`` and clients of Memcached do that: it then looks as if a
    limit was reached, or a challenge used. Call this only after the cache has said "no".
    """
    with cache_must_answer():
        if cache.add(f"allauth_moralis:kept:{get_random_string(22)}", 1, timeout=1):
            return
    raise StorageUnavailable("the cache does not answer: it keeps nothing")


@contextmanager
def database_must_answer() -> Iterator[None]:
    """Raise ``StorageUnavailable`` if the database is down, or has no time for us."""
    try:
        yield
    except (InterfaceError, OperationalError) as error:
        raise StorageUnavailable(f"the database does not answer: {type(error).__name__}") from None


def read_session(request: HttpRequest) -> None:
    """Read the visitor's session now, if they have one, while a refusal can still be told."""
    with cache_must_answer(), database_must_answer():
        request.session.get("")


def reach_sessions(request: HttpRequest) -> None:
    """Connect to the database of the sessions, if they are in one. No statement is sent.

    Call this where a session was changed: Django's middleware writes it after the view, and if that
    fails the visitor gets a bare 500.
    """
    model = getattr(request.session, "model", None)
    if model is not None:
        with database_must_answer(), connections[router.db_for_write(model)].cursor():
            pass


def hide_visitor(request: HttpRequest) -> None:
    """Let the page of the refusal be shown without a session and a user, which cannot be read.

    The session itself stays as it is, and so does the visitor's cookie.
    """
    request.session.clear()
    request.session.modified = False
    request.user = AnonymousUser()
