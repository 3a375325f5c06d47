"""The first statement of a transaction on SQLite, by which it waits for its turn."""

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from allauth_moralis.internal.transactions import writing

connection = connections["default"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases lock rows"),
]


def statements() -> list[str]:
    with (
        CaptureQueriesContext(
            connection,
        ) as captured,
        writing(),
    ):
        pass
    return [query["sql"].split()[0] for query in captured]


def test_sqlite_as_django_ships_it_writes_first(monkeypatch):
    monkeypatch.setattr(connection, "transaction_mode", None)

    assert statements() == ["BEGIN", "UPDATE", "COMMIT"]


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_sqlite_that_waits_by_itself_is_asked_nothing_more(monkeypatch, mode):
    monkeypatch.setattr(connection, "transaction_mode", mode)

    assert statements() == ["BEGIN", "COMMIT"]


def test_transaction_within_another_has_no_turn_to_wait_for(monkeypatch):
    monkeypatch.setattr(connection, "transaction_mode", None)

    with transaction.atomic():
        assert "UPDATE" not in statements()


def test_transaction_that_is_deferred_by_name_writes_first(monkeypatch):
    monkeypatch.setattr(connection, "transaction_mode", "DEFERRED")

    assert "UPDATE" in statements()
