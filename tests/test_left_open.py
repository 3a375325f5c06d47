"""A browser that its owner left open: what whoever finds it can make for himself proves nothing."""

import json
import time
from datetime import timedelta

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allauth_moralis.reauthentication import HELD_UP_KEY
from allauth_moralis.testing import EvmWallet, answer, obtain_challenge, request_challenge, sign_in

from .ceremony import age, json_code, user_of

pytestmark = pytest.mark.django_db

CONFIRM = "/accounts/moralis/reauthenticate/"
LINK = "/accounts/moralis/login/?process=connect"
PASSWORD = "a strong one 4711"
EMAIL = {"email": "thief@example.com", "action_add": ""}


@pytest.fixture(params=[False, True], ids=["as it ships", "reauthentication required"])
def rules(request, settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = request.param


@pytest.fixture
def left_open(client: Client, wallet: EvmWallet, rules) -> Client:
    """Signed in by a wallet, an hour ago."""
    sign_in(client, wallet)
    age(client, 3600)
    return client


@pytest.fixture
def user(left_open: Client):
    return get_user_model().objects.get()


def headless(client: Client, method: str, path: str, data: dict | None = None) -> int:
    body = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
    return getattr(client, method)(f"/_allauth/browser/v1/{path}", **body).status_code


# --- A first password -------------------------------------------------------------------------


def test_first_password_wants_proof(left_open, user):
    url = reverse("account_set_password")

    for response in (
        left_open.get(url),
        left_open.post(url, {"password1": PASSWORD, "password2": PASSWORD}),
    ):
        assert response["Location"].startswith(CONFIRM)
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_first_password_wants_proof_of_headless_clients(left_open, user):
    status = headless(left_open, "post", "account/password/change", {"new_password": PASSWORD})

    assert status == 401
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_first_password_after_proof(left_open, wallet, user):
    sign_in(left_open, wallet, process="reauthenticate")

    left_open.post(reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD})

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_first_password_wants_the_second_factor_of_who_has_one(left_open, wallet, user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    url = reverse("account_set_password")
    sign_in(left_open, wallet, process="reauthenticate")  # the wallet is open as well

    response = left_open.post(url, {"password1": PASSWORD, "password2": PASSWORD})

    assert response["Location"].startswith(reverse("mfa_reauthenticate"))
    user.refresh_from_db()
    assert not user.has_usable_password()
    code = TOTP(user.authenticator_set.get()).instance  # the owner's
    assert code.type == Authenticator.Type.TOTP


def test_password_of_who_has_a_second_factor_does_not_turn_it_off(left_open, user):
    """Whoever knows the password, or has just set it, is still asked for the other."""
    TOTP.activate(user, generate_totp_secret())
    user.set_password(PASSWORD)
    user.save()
    left_open.force_login(user)

    left_open.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    response = left_open.post(reverse("mfa_deactivate_totp"))

    assert response["Location"].startswith(reverse("mfa_reauthenticate"))
    assert Authenticator.objects.exists()


# --- Another wallet ---------------------------------------------------------------------------


def test_linking_wants_proof(left_open, other_wallet):
    assert left_open.get(LINK)["Location"].startswith(CONFIRM)
    assert (
        json_code(request_challenge(left_open, other_wallet, process="connect")) == "login_required"
    )
    assert SocialAccount.objects.count() == 1


def test_linking_wants_proof_of_headless_clients(left_open, other_wallet):
    fields = {**other_wallet.described, "process": "connect"}

    assert headless(left_open, "post", "auth/provider/moralis/challenge", fields) == 401
    assert SocialAccount.objects.count() == 1


def test_challenge_that_was_asked_for_in_time_links_nothing_later(
    client, wallet, other_wallet, rules
):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, other_wallet, process="connect")
    age(client, 3600)

    response = answer(client, challenge, other_wallet.sign(message))

    assert response["Location"] == LINK
    assert SocialAccount.objects.count() == 1


def test_token_of_a_headless_client_links_nothing_later(client, wallet, other_wallet, rules):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, other_wallet, process="connect")
    age(client, 3600)
    token = json.dumps({"challenge": challenge, "signature": other_wallet.sign(message)})

    status = headless(
        client,
        "post",
        "auth/provider/token",
        {"provider": "moralis", "process": "connect", "token": {"id_token": token}},
    )

    assert status == 401
    assert SocialAccount.objects.count() == 1


def test_linking_right_after_a_sign_in_by_other_means(client, wallet, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada", password=PASSWORD))

    sign_in(client, wallet, process="connect")

    assert SocialAccount.objects.get().user_id == user_of(client)


def test_linking_long_after_a_sign_in_by_password_asks_for_it(client, wallet, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada", password=PASSWORD))
    session = client.session
    session["allauth_moralis_signed_in_at"] -= 3600
    session.save()

    response = client.get(LINK)
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    client.post(response["Location"], {"password": PASSWORD})
    sign_in(client, wallet, process="connect")

    assert SocialAccount.objects.get().user_id == user_of(client)


def test_who_can_only_sign_in_again_is_told_so(client, wallet, django_user_model):
    """An account without a password, a second factor or a wallet, as of another provider."""
    client.force_login(django_user_model.objects.create_user("ada"))
    session = client.session
    session["allauth_moralis_signed_in_at"] -= 3600
    session.save()

    page = client.get(LINK)

    assert page.status_code == 200
    assert "sign in again" in page.content.decode()
    assert json_code(request_challenge(client, wallet, process="connect")) == "login_required"


def test_site_without_the_mixin_asks_before_a_link_too(client, wallet, other_wallet, settings):
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    sign_in(client, wallet)
    age(client, 3600)

    assert client.get(LINK)["Location"].startswith(CONFIRM)
    sign_in(client, wallet, process="reauthenticate")
    sign_in(client, other_wallet, process="connect")

    assert SocialAccount.objects.count() == 2


# --- An address -------------------------------------------------------------------------------


def test_address_wants_proof(left_open):
    response = left_open.post(reverse("account_email"), EMAIL)

    assert response["Location"].startswith(CONFIRM)
    assert not EmailAddress.objects.exists()


def test_address_wants_proof_of_headless_clients(left_open):
    assert headless(left_open, "post", "account/email", {"email": EMAIL["email"]}) == 401
    assert not EmailAddress.objects.exists()


def test_accounts_without_a_wallet_are_left_to_allauth(client, django_user_model, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
    client.force_login(django_user_model.objects.create_user("ada", password=PASSWORD))
    session = client.session
    session["allauth_moralis_signed_in_at"] -= 3600
    session.save()

    client.post(reverse("account_email"), EMAIL)

    assert EmailAddress.objects.filter(email=EMAIL["email"]).exists()


# --- What waits for a confirmation ------------------------------------------------------------


def wait(client: Client, seconds: float) -> None:
    session = client.session
    session[HELD_UP_KEY] -= seconds
    session.save()


def test_held_up_form_is_named_and_goes_on(left_open, wallet):
    left_open.post(reverse("account_email"), EMAIL)

    page = left_open.get(f"{CONFIRM}?next={reverse('account_email')}").content.decode()
    assert "Afterwards, your change to your e-mail addresses will be carried out." in page
    sign_in(left_open, wallet, process="reauthenticate", next=reverse("account_email"))

    assert EmailAddress.objects.filter(email=EMAIL["email"]).exists()


@pytest.mark.parametrize("path", ["/nowhere/", "/"], ids=["no page", "a page of the site's"])
def test_held_up_form_of_another_page_is_spoken_of_without_a_name(left_open, monkeypatch, path):
    monkeypatch.setattr("allauth_moralis.reauthentication.held_up_path", lambda request: path)

    page = left_open.get(CONFIRM).content.decode()

    assert "Afterwards, the form that you sent will be carried out." in page


def test_page_to_confirm_by_a_wallet_writes_nothing(left_open):
    before = dict(left_open.session)

    left_open.get(CONFIRM)
    left_open.get("/accounts/moralis/login/?process=reauthenticate")

    assert dict(left_open.session) == before


def test_held_up_form_is_over_after_minutes(left_open, wallet):
    """A stranger sent it; the owner comes back, and confirms for something of their own."""
    left_open.post(reverse("account_email"), EMAIL)
    wait(left_open, 400)

    page = left_open.get(f"{CONFIRM}?next={reverse('account_email')}").content.decode()
    assert "the change to your e-mail addresses" not in page
    sign_in(left_open, wallet, process="reauthenticate", next=reverse("account_email"))

    assert not EmailAddress.objects.exists()


def test_held_up_form_is_not_renewed_by_a_later_refusal(left_open, wallet):
    """Its owner opens the very page, and confirms for that, not for what a thief sent there."""
    url = reverse("account_set_password")
    left_open.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    wait(left_open, 3600)

    assert left_open.get(url)["Location"].startswith(CONFIRM)
    headless(left_open, "post", "account/email", {"email": EMAIL["email"]})
    assert "new password" not in left_open.get(f"{CONFIRM}?next={url}").content.decode()
    sign_in(left_open, wallet, process="reauthenticate", next=url)

    assert not get_user_model().objects.get().has_usable_password()


def test_held_up_link_of_another_provider_is_not_renewed_by_a_later_refusal(
    client, wallet, settings
):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    sign_in(client, wallet)
    age(client, 3600)
    session = client.session
    session[STATE_SESSION_KEY] = {"callback": f"{__name__}.carry_out", "state": {}}
    session[HELD_UP_KEY] = time.time() - 3600
    session.save()

    client.get(reverse("account_set_password"))
    response = sign_in(client, wallet, process="reauthenticate")

    assert response.content != b"linked"


def carry_out(request, state):
    return HttpResponse("linked")


def test_held_up_form_is_over_for_allauths_own_confirmations(
    client, wallet, django_user_model, settings
):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    client.force_login(django_user_model.objects.create_user("ada", password=PASSWORD))
    url = reverse("account_email")
    confirm = client.post(url, EMAIL)["Location"]
    assert confirm.startswith(reverse("account_reauthenticate"))
    client.get(confirm)
    wait(client, 400)

    client.post(confirm, {"password": PASSWORD, "next": url})

    assert not EmailAddress.objects.exists()


def test_held_up_form_goes_on_after_allauths_own_confirmation(
    client, wallet, django_user_model, settings
):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    client.force_login(django_user_model.objects.create_user("ada", password=PASSWORD))
    url = reverse("account_email")
    confirm = client.post(url, EMAIL)["Location"]
    page = client.get(confirm).content.decode()
    assert "Afterwards, your change to your e-mail addresses will be carried out." in page

    client.post(confirm, {"password": PASSWORD, "next": url})

    assert EmailAddress.objects.filter(email=EMAIL["email"]).exists()


@pytest.fixture
def asked_for_an_address(settings) -> None:
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True


@pytest.mark.parametrize("minutes", [5, 15])
def test_sign_up_that_was_left_is_over_after_minutes(
    client, wallet, asked_for_an_address, minutes, monkeypatch
):
    response = sign_in(client, wallet)
    assert response["Location"] == reverse("socialaccount_signup")
    later = timezone.now() + timedelta(minutes=minutes)
    monkeypatch.setattr("allauth_moralis.internal.sociallogin.now", lambda: later)

    response = client.post(
        reverse("socialaccount_signup"), {"email": "ada@example.com", "username": "ada"}
    )

    assert get_user_model().objects.exists() is (minutes == 5)
    if minutes == 15:
        assert response["Location"] == reverse("moralis_login")
        assert "open for too long" in client.get(response["Location"]).content.decode()


def test_sign_up_that_was_left_is_over_for_headless_clients(
    client, wallet, asked_for_an_address, monkeypatch
):
    sign_in(client, wallet)
    later = timezone.now() + timedelta(minutes=15)
    monkeypatch.setattr("allauth_moralis.internal.sociallogin.now", lambda: later)

    status = headless(client, "post", "auth/provider/signup", {"email": "ada@example.com"})

    assert status == 409
    assert not get_user_model().objects.exists()
