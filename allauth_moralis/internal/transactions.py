"""Transactions that read and then write, on every database that Django ships with.

SQLite, as Django sets it up, begins each transaction as a reader. If two have read, and then want
to write, one of them fails at once ("database is locked"), however long it is allowed to wait. So
the first statement of ours writes. ``"OPTIONS": {"transaction_mode": "IMMEDIATE"}`` has the same
effect, so nothing is added then; nor is it on other databases, which lock rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.socialaccount.models import SocialAccount
from django.db import connections, router, transaction

from ..conf import PROVIDER_ID

#: Values of SQLite's ``transaction_mode``.
WAITS_BY_ITSELF = ("IMMEDIATE", "EXCLUSIVE")


@contextmanager
def writing(*, savepoint: bool = True) -> Iterator[None]:
    """Run the block in one transaction on the database in which social accounts are stored.

    Within another transaction it is a savepoint of that one, to which an error returns. Without
    ``savepoint``, which costs two statements, an error ends the other transaction as well.
    """
    using = router.db_for_write(SocialAccount)
    is_outermost = not connections[using].in_atomic_block
    with transaction.atomic(using=using, savepoint=savepoint):
        if is_outermost:
            wait_for_turn(using)
        yield


def wait_for_turn(using: str) -> None:
    """On SQLite, become the only writer. Call this at the beginning of a transaction."""
    connection = connections[using]
    if connection.vendor == "sqlite" and connection.transaction_mode not in WAITS_BY_ITSELF:  # type: ignore[attr-defined]  # of SQLite's
        SocialAccount.objects.using(using).filter(provider=PROVIDER_ID, uid="").update(uid="")
