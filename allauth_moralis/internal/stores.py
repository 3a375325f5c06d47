"""What the site keeps its data in: the database, the cache and, in one of them, the sessions.

While one of them is down, whatever needs it is refused by a ``StorageUnavailable``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import Error as DatabaseFailed
from django.db import InterfaceError, OperationalError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from ..exceptions import StorageUnavailable, WalletError


@contextmanager
def cache_must_answer() -> Iterator[None]:
    """Raise ``StorageUnavailable`` if the cache is down: limits and used challenges are in it."""
    with _must_answer("the cache"):
        yield


@contextmanager
def _must_answer(what: str) -> Iterator[None]:
    """Raise ``StorageUnavailable`` if ``what`` is down, which may be in the database."""
    try:
        with database_must_answer():
            yield
    except (PermissionDenied, ImproperlyConfigured, WalletError, DatabaseFailed):
        raise
    except Exception as error:
        # Each client has exceptions of its own, or raises the system's. A bare TypeError is a bug.
        if type(error).__module__ == "builtins" and not isinstance(error, OSError | EOFError):
            raise
        raise StorageUnavailable(f"{what} does not answer: {type(error).__name__}") from None


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
    """Raise ``StorageUnavailable`` if the database is down, or has no time for us.

    What else its driver calls operational is the site's own fault, such as a table that is missing
    in SQLite, a deadlock, or a statement that took too long. It is raised as it is.
    """
    try:
        yield
    except (InterfaceError, OperationalError) as error:
        used = connections.all(initialized_only=True)
        if not _is_busy(error) and not any(map(_is_lost, used)):
            raise
        raise StorageUnavailable(f"the database does not answer: {type(error).__name__}") from None


def _is_busy(error: Exception) -> bool:
    """Whether the pool had no connection for us, or another process kept SQLite for itself."""
    cause = error.__cause__
    is_of_the_pool = type(cause).__module__.startswith("psycopg_pool")
    return is_of_the_pool or getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY")


def _is_lost(connection: BaseDatabaseWrapper) -> bool:
    if not getattr(connection, "errors_occurred", False):  # of which Django takes note; or unused
        return False
    driver = connection.connection
    if driver is None:  # it could not be made, or Django gave it up
        return True
    if connection.in_atomic_block and hasattr(driver, "closed"):
        # PostgreSQL, which answers nothing in a transaction in which something failed.
        return bool(driver.closed)
    return not connection.is_usable()


def read_session(request: HttpRequest) -> None:
    """Read the visitor's session now, if they have one, while a refusal can still be told."""
    with _must_answer("what keeps the sessions"):
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
