"""A user model that wants what a wallet does not give, where nobody read ``manage.py check``."""

import json
import logging

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import answer, obtain_challenge, sign_in

from .ceremony import page_code, user_of

pytestmark = pytest.mark.django_db
OURS = ("allauth_moralis", logging.ERROR)
HEADLESS = "/_allauth/browser/v1/auth/provider"


@pytest.fixture(autouse=True)
def addresses_are_unique(db, other_wallet) -> None:
    """As with E023 overlooked: one user alone can be without an address, and is there."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_of_each ON auth_user (email)")
    sign_in(Client(), other_wallet)


def nobody_came() -> bool:
    return get_user_model().objects.count() == SocialAccount.objects.count() == 1


def told(caplog) -> list[str]:
    """What our own log says as an error; Django tells of each 503 as well."""
    return [m for name, level, m in caplog.record_tuples if (name, level) == OURS]


def post(client: Client, path: str, data: object):
    return client.post(f"{HEADLESS}/{path}", data, content_type="application/json")


@pytest.mark.parametrize("atomic", [False, True])
def test_page_says_so_and_the_log_says_it_once(
    client, wallet, settings, caplog, monkeypatch, atomic
):
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", atomic)
    response = sign_in(client, wallet)

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert user_of(client) is None
    assert nobody_came()
    (line,) = told(caplog)
    assert line.startswith("refused misconfigured evm 0x")
    assert "manage.py check" in line


def test_reload_says_the_same(client, wallet):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    answer(client, challenge, signature)

    again = answer(client, challenge, signature)

    assert (again.status_code, page_code(again)) == (503, "misconfigured")


def test_users_without_user_names(client, wallet, settings, caplog):
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None

    response = sign_in(client, wallet)

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert len(told(caplog)) == 1
    assert nobody_came()


def test_application_gets_the_code(client, wallet, caplog):
    challenge, message = obtain_challenge(client, wallet)
    id_token = json.dumps({"challenge": challenge, "signature": wallet.sign(message)})
    token = {"provider": "moralis", "process": "login", "token": {"id_token": id_token}}

    response = post(client, "token", token)

    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == ["misconfigured"]
    assert len(told(caplog)) == 1
    assert nobody_came()


@pytest.fixture
def asked_for_more(client, wallet, settings) -> None:
    """The wallet has signed, and waits at the form of a sign-up."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    sign_in(client, wallet)


def test_form_of_a_sign_up_says_so(client, asked_for_more, caplog):
    response = client.post(reverse("socialaccount_signup"), {"email": ""})

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    (line,) = told(caplog)
    assert line.startswith("refused misconfigured evm 0x")
    assert user_of(client) is None
    assert nobody_came()


def test_form_of_an_application_says_so(client, asked_for_more, caplog):
    response = post(client, "signup", {"email": ""})

    assert response.status_code == response.json()["status"] == 503
    assert [error["code"] for error in response.json()["errors"]] == ["misconfigured"]
    assert len(told(caplog)) == 1
    assert nobody_came()


def test_an_address_is_all_that_was_missing(client, asked_for_more):
    client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    assert EmailAddress.objects.get().user.socialaccount_set.exists()
