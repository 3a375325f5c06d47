"""Stages of a sign-in that need something which a wallet does not give."""

import pytest

from allauth_moralis.adapter import AccountAdapter
from allauth_moralis.testing import sign_in

from .ceremony import user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(settings, monkeypatch):
    """A site that wants a telephone number of whoever signs up from now on."""

    def of_everybody(number: tuple[str, bool] | None) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "phone*", "password1*", "password2*"]
        monkeypatch.setattr(AccountAdapter, "get_phone", lambda self, user: number)

    return of_everybody


def test_account_from_before_the_site_wanted_telephone_numbers(client, wallet, phone):
    sign_in(client, wallet)
    user = user_of(client)
    client.logout()
    phone(None)

    sign_in(client, wallet)

    assert user_of(client) == user


def test_user_without_a_wallet_is_left_to_allauth(client, phone, settings, django_user_model):
    settings.ACCOUNT_LOGIN_METHODS = {"username"}
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    django_user_model.objects.create_user("ada", password="correct horse!")
    phone(None)

    client.post("/accounts/login/", {"login": "ada", "password": "correct horse!"})

    assert user_of(client) is None


@pytest.mark.parametrize("has_phone", [True, False])
def test_code_is_asked_for_where_it_can_be_sent(
    client, wallet, phone, settings, monkeypatch, has_phone
):
    sent = []
    monkeypatch.setattr(
        AccountAdapter, "send_verification_code_sms", lambda self, phone, **_: sent.append(phone)
    )
    sign_in(client, wallet)
    client.logout()
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    phone(("+31612345678", True) if has_phone else None)

    sign_in(client, wallet)

    assert (user_of(client) is None) is has_phone
    assert sent == ["+31612345678"] * has_phone
