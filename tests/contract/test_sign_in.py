"""Signing in, and the endpoints themselves, on every site."""

import re

import pytest
from allauth.account import app_settings as account_settings
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import get_user_model
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import EvmWallet, answer, obtain_challenge, request_challenge, sign_in

from ..ceremony import page_code, user_of

pytestmark = pytest.mark.django_db

# --- The main job --------------------------------------------------------------------------------


def test_first_sign_in_makes_user_and_account(client, wallet, backend):
    response = sign_in(client, wallet)

    assert response.status_code == 302
    assert response["Location"] == resolve_url(settings.LOGIN_REDIRECT_URL)
    row = SocialAccount.objects.get()
    assert (row.provider, row.uid) == ("moralis", wallet.address)
    assert user_of(client) == row.user_id
    assert not row.user.has_usable_password()
    assert not row.user.email
    if account_settings.USER_MODEL_USERNAME_FIELD:
        assert row.user.username == wallet.address.lower()


def test_next_sign_in_is_the_same_user(client, wallet, backend):
    sign_in(client, wallet)
    first = user_of(client)
    client.logout()

    sign_in(client, wallet)

    assert user_of(client) == first
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("spell", [str.lower, lambda a: "0x" + a[2:].upper(), str])
def test_one_account_whatever_the_letter_case(client, wallet, backend, spell):
    sign_in(client, wallet)
    client.logout()

    challenge, message = obtain_challenge(client, wallet, address=spell(wallet.address))
    answer(client, challenge, wallet.sign(message))

    assert wallet.address in message
    assert SocialAccount.objects.count() == 1


def test_one_account_on_every_chain(client, wallet, backend):
    sign_in(client, wallet, chain_id=1)
    client.logout()

    sign_in(client, wallet, chain_id="0x89")

    assert SocialAccount.objects.get().extra_data["chain_id"] == 137


def test_what_was_verified_is_stored(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet, chain_id=137)
    signature = wallet.sign(message)
    answer(client, challenge, signature)

    data = SocialAccount.objects.get().extra_data
    verified = data["verified"]
    assert data["verified_by"] == backend
    assert (data["network"], data["chain_id"]) == ("evm", 137)
    assert (data["message"], data["signature"]) == (message, signature)
    assert re.fullmatch(r"[A-Za-z0-9]{17}", verified["id"])
    assert verified["address"] == wallet.address
    assert verified["chainId"] == 137
    assert (verified["domain"], verified["uri"]) == ("testserver", "http://testserver/")
    assert verified["version"] == "1"
    assert f"Nonce: {verified['nonce']}" in message
    assert f"Expiration Time: {verified['expirationTime']}" in message
    assert ("profileId" in verified) == (backend == "moralis")


def test_text_names_site_wallet_purpose_chain_and_nonce(client, wallet, backend):
    _, message = obtain_challenge(client, wallet, chain_id=10)

    assert re.fullmatch(
        rf"testserver wants you to sign in with your Ethereum account:\n{wallet.address}\n\n"
        r"Sign in to testserver\n\nURI: http://testserver/\nVersion: 1\nChain ID: 10\n"
        r"Nonce: [A-Za-z0-9]{17}\nIssued At: \S+Z\nExpiration Time: \S+Z",
        message,
    )


def test_next_is_where_it_ends(client, wallet, backend):
    response = sign_in(client, wallet, next="/somewhere/?a=b")

    assert response["Location"] == "/somewhere/?a=b"


def test_signature_without_its_prefix_is_the_same_signature(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, wallet.sign(message).removeprefix("0x"))

    assert response.status_code == 302


def test_several_tabs_can_sign_at_once(client, wallet, other_wallet, backend):
    first, text = obtain_challenge(client, wallet)
    obtain_challenge(client, other_wallet)

    assert answer(client, first, wallet.sign(text)).status_code == 302


# --- The endpoints themselves --------------------------------------------------------------------


def test_the_wallet_page_is_open_to_everybody(client, backend):
    assert client.get(reverse("moralis_login")).status_code == 200


def test_challenge_is_not_asked_for_by_get(client):
    assert client.get(reverse("moralis_challenge")).status_code == 405


def test_address_of_a_refusal_opened_anew_leads_to_the_wallet_page(client):
    response = client.get(reverse("moralis_verify"))

    assert (response.status_code, response["Location"]) == (302, reverse("moralis_login"))


def test_refusal_survives_a_reload_and_is_not_judged_again(client, wallet, other_wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    wrong = other_wallet.sign(message)
    first = answer(client, challenge, wrong)

    again = answer(client, challenge, wrong)

    assert (again.status_code, page_code(again)) == (first.status_code, page_code(first))
    assert page_code(again) == "signature_invalid"
    assert "no-store" not in again["Cache-Control"]  # the Back button has it
    # Another answer is another attempt, and so is the same in another browser.
    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"
    assert page_code(answer(Client(), challenge, wrong)) == "challenge_missing"
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()


def test_without_a_csrf_token_nothing_is_done(wallet, backend):
    client = Client(enforce_csrf_checks=True)

    assert request_challenge(client, wallet).status_code == 403
    assert answer(client, "challenge", "0x00").status_code == 403


def test_the_csrf_token_of_the_wallet_page_opens_both(wallet, backend):
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse("moralis_login")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]

    asked = client.post(
        reverse("moralis_challenge"),
        {"address": wallet.address},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    ).json()
    response = client.post(
        reverse("moralis_verify"),
        {
            "challenge": asked["challenge"],
            "signature": wallet.sign(asked["message"]),
            "csrfmiddlewaretoken": token,
        },
    )

    assert response.status_code == 302
    assert user_of(client) is not None


def test_the_profile_is_for_those_signed_in(client, wallet, backend):
    assert client.get(reverse("moralis_profile")).status_code == 302

    sign_in(client, wallet)

    response = client.get(reverse("moralis_profile"))
    assert response.status_code == 200
    assert wallet.address in response.content.decode()


def test_a_wallet_made_of_the_same_key_has_the_same_address():
    """The tests' own wallet agrees with the world: a public test key and its address."""
    key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"

    assert EvmWallet.from_hex(key).address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


def test_a_sign_up_form_where_nobody_gives_an_address(wallet, other_wallet, settings):
    """Both have none, where an address is unique, too."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    for owner in (wallet, other_wallet):
        client = Client()
        sign_in(client, owner)
        assert not SocialAccount.objects.filter(uid=owner.address).exists()

        client.post(
            "/_allauth/browser/v1/auth/provider/signup",
            {"email": "", "username": owner.address},
            content_type="application/json",
        )

        assert SocialAccount.objects.get(uid=owner.address).user_id == user_of(client)
