"""The demo's session engines: what Django's own do, in fewer statements."""

from importlib import import_module

import pytest
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


def test_key_changes_at_once(engine, stored):
    """Or a response that fails would leave the old key valid, which somebody may have planted."""
    old = stored.session_key

    stored.cycle_key()

    assert "colour" not in engine(old)
    assert engine(stored.session_key)["colour"] == "green"


def test_new_session_can_get_another_key(engine):
    session = engine()
    session["colour"] = "green"

    session.cycle_key()

    assert engine(session.session_key)["colour"] == "green"


def test_session_that_another_request_ended_gets_a_row_of_its_own(engine, stored):
    old = stored.session_key
    engine(old).delete()

    stored.cycle_key()

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

    assert new <= 15
    assert returning <= 14
    assert transactions_of_new <= 8
    assert transactions_of_returning <= 6
