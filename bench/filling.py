"""Accounts by the million, made in the database after the pattern of one that signed in."""

import json
import time
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from allauth_moralis.testing import EvmWallet

# An address, random, and all rows of a series.
RANDOM = {
    "sqlite": "'0x' || lower(hex(randomblob(20)))",
    "postgresql": "'0x' || md5(random()::text) || left(md5(random()::text), 8)",
}
SERIES = {
    "sqlite": "(WITH RECURSIVE series(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series "
    "LIMIT %(accounts)s) SELECT i FROM series) AS series",
    "postgresql": "generate_series(1, %(accounts)s)",
}
USERS = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_staff, is_active,
    is_superuser, date_joined)
SELECT {random}, %(password)s, '', '', '', %(no)s, %(yes)s, %(no)s, %(now)s FROM {series}
"""
WALLETS = """
INSERT INTO socialaccount_socialaccount (provider, uid, extra_data, user_id, last_login,
    date_joined)
SELECT provider, uid, replace(%(data)s, %(address)s, uid){json}, id, %(now)s, %(now)s
FROM (SELECT 'moralis' AS provider, {random} AS uid, id FROM auth_user WHERE id > %(last)s) AS made
"""


def fill(accounts: int) -> dict[str, float]:
    """Make accounts, and return the seconds it took and the bytes that each takes.

    A row is as long as that of the latest wallet that signed in.
    """
    pattern = SocialAccount.objects.select_related("user").latest("pk")
    values: dict[str, Any] = {
        "accounts": accounts,
        "password": pattern.user.password,
        "now": timezone.now(),
        "yes": True,
        "no": False,
        "last": User.objects.latest("pk").pk,
        "address": pattern.uid,
        "data": json.dumps(pattern.extra_data),
    }
    vendor = connection.vendor
    parts = {
        "random": RANDOM[vendor],
        "series": SERIES[vendor],
        "json": "::jsonb" if vendor == "postgresql" else "",
    }
    session = Session.objects.latest("expire_date")
    before, started = _size(), time.monotonic()
    with connection.cursor() as cursor:
        if vendor == "sqlite":  # for this connection: the next one has the site's options again
            cursor.execute("PRAGMA journal_mode=OFF")
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-500000")
        with transaction.atomic():
            cursor.execute(USERS.format(**parts), values)
            cursor.execute(WALLETS.format(**parts), values)
        if vendor == "postgresql":
            cursor.execute("ANALYZE")
    seconds = time.monotonic() - started
    result = {
        "seconds": seconds,
        "bytes_per_account": (_size() - before) / accounts,
        "bytes_of_a_session": float(len(session.session_key) + len(session.session_data)),
    }
    connection.close()
    return result


def link(address: str, wallets: int) -> None:
    """Link more wallets to the account of a wallet."""
    account = SocialAccount.objects.get(uid=address)
    rows = []
    for _ in range(wallets):
        other = EvmWallet().address
        data = json.loads(json.dumps(account.extra_data).replace(address, other))
        rows.append(
            SocialAccount(user_id=account.user_id, provider="moralis", uid=other, extra_data=data)
        )
    SocialAccount.objects.bulk_create(rows)


def _size() -> int:
    """The bytes of the database, indexes included."""
    statement = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if connection.vendor == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
