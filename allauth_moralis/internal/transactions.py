"""Transactions that read what they then write, on every database that Django ships with.

SQLite, as Django sets it up, begins a transaction as one that reads. Of two that have read, and
then want to write, one fails at once ("database is locked"), however long it would wait for its
turn. So the first statement of ours writes. ``"OPTIONS": {"transaction_mode": "IMMEDIATE"}`` does
the same, and there nothing is added; nor is it on other databases, which lock rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.socialaccount.models import SocialAccount
from django.db import connections, router, transaction

from ..conf import PROVIDER_ID


@contextmanager
def writing() -> Iterator[None]:
    """All of it or nothing, where connected accounts are kept."""
    using = router.db_for_write(SocialAccount)
    is_outermost = not connections[using].in_atomic_block
    with transaction.atomic(using=using):
        if is_outermost:
            wait_for_turn(using)
        yield


def wait_for_turn(using: str) -> None:
    """At the beginning of a transaction: on SQLite, be the one that writes."""
    connection = connections[using]
    if connection.vendor == "sqlite" and getattr(connection, "transaction_mode", None) is None:
        SocialAccount.objects.using(using).filter(provider=PROVIDER_ID, uid="").update(uid="")
