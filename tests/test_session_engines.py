"""The demo's session engines: what Django's own do, in fewer statements."""

from importlib import import_module

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allauth_moralis.testing import EvmWallet, answer, obtain_challenge, sign_in

from .ceremony import user_of

pytestmark = pytest.mark.django_db

TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture(autouse=True, params=["config.sessions.database", "config.sessions.cached"])
def engine(request, settings):
    settings.SESSION_ENGINE = request.param
    return import_module(request.param).SessionStore


@pytest.fixture
def stored(engine):
    session = engine()
    session["colour"] = "green"
    session.save()
    return session


def statements(wallet: EvmWallet) -> tuple[int, int]:
    """Sign in in a new browser, and count statements and, in them, those of transactions."""
    client = Client()
    with CaptureQueriesContext(connection) as queries:
        challenge, message = obtain_challenge(client, wallet)
        assert answer(client, challenge, wallet.sign(message)).status_code == 302
    of_transactions = [query["sql"].startswith(TRANSACTIONS) for query in queries]
    return len(of_transactions) - sum(of_transactions), sum(of_transactions)


def test_what_is_saved_is_read(engine, stored):
    assert engine(stored.session_key)["colour"] == "green"

    stored["colour"] = "blue"
    stored.save()

    assert engine(stored.session_key)["colour"] == "blue"
    assert engine().exists(stored.session_key)


def test_session_with_another_key_keeps_its_data_and_the_old_key_opens_nothing(engine, stored):
    old = stored.session_key
    engine(old)["colour"]  # in the cache now, if there is one

    stored.cycle_key()
    stored.save()

    assert stored.session_key != old
    assert engine(stored.session_key)["colour"] == "green"
    assert "colour" not in engine(old)
    assert not engine().exists(old)
    assert Session.objects.count() == 1


def test_session_whose_new_key_is_never_saved_stays_as_it_was(engine, stored):
    """As after a response that fails: whoever knows the old key has gained nothing by it."""
    old = stored.session_key

    stored.cycle_key()
    stored["user"] = 1

    assert engine(old).load() == {"colour": "green"}
    assert not engine().exists(stored.session_key)


def test_session_whose_key_changes_twice_is_stored_once(engine, stored):
    old = stored.session_key
    stored.cycle_key()
    between = stored.session_key

    stored.cycle_key()
    stored.save()

    assert len({old, between, stored.session_key}) == 3
    assert engine(stored.session_key)["colour"] == "green"
    assert list(Session.objects.values_list("pk", flat=True)) == [stored.session_key]


def test_session_that_ends_before_its_new_key_is_saved_is_gone(engine, stored):
    old = stored.session_key
    engine(old)["colour"]  # in the cache now, if there is one

    stored.cycle_key()
    stored.flush()

    assert "colour" not in engine(old)
    assert not Session.objects.exists()


async def changes_its_key(session):
    await session.acycle_key()
    await session.asave()
    kept = session.session_key
    await session.acycle_key()
    await session.aflush()
    return kept


def test_asynchronous_code_can_use_it(engine, stored):
    kept = async_to_sync(changes_its_key)(stored)

    assert kept
    assert not engine().exists(kept)
    assert not Session.objects.exists()


def test_new_session_can_get_another_key(engine):
    session = engine()
    session["colour"] = "green"

    session.cycle_key()

    assert engine(session.session_key)["colour"] == "green"


def test_session_that_another_request_ended_gets_a_row_of_its_own(engine, stored):
    old = stored.session_key
    engine(old).delete()

    stored.cycle_key()
    stored.save()

    assert engine(stored.session_key)["colour"] == "green"
    assert not engine().exists(old)


def test_session_that_was_ended_is_not_saved_again(engine, stored):
    engine(stored.session_key).flush()
    stored["colour"] = "blue"

    with pytest.raises(UpdateError):
        stored.save()

    assert not Session.objects.exists()


def test_expired_session_opens_nothing(engine, stored):
    stored.set_expiry(-1)
    stored.save()
    cache.clear()

    assert "colour" not in engine(stored.session_key)


def test_sign_in_and_sign_out(client, wallet):
    sign_in(client, wallet)
    key = client.session.session_key
    assert user_of(client) == get_user_model().objects.get().pk

    client.post(reverse("account_logout"))

    assert user_of(client) is None
    assert not Session.objects.filter(session_key=key).exists()


def test_sign_in_asks_the_database_little(wallet):
    """The test's own transaction makes a savepoint of what would be BEGIN and COMMIT."""
    new, transactions_of_new = statements(wallet)
    returning, transactions_of_returning = statements(wallet)

    assert new <= 14
    assert returning <= 13
    assert transactions_of_new <= 6
    assert transactions_of_returning <= 6
