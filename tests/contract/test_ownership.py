"""Who signed what, and whose account it opens, on every site."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client

from allauth_moralis.internal.stash import SESSION_KEY
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from ..ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db


def nobody_got_in(client: Client) -> bool:
    return (
        user_of(client) is None
        and not SocialAccount.objects.exists()
        and not get_user_model().objects.exists()
    )


# --- Who signed what -----------------------------------------------------------------------------


def test_another_key_than_the_claimed_one(client, wallet, other_wallet, backend):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, other_wallet.sign(message))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert nobody_got_in(client)


@pytest.mark.parametrize(
    "mutate",
    [
        lambda text: text + "\n",
        lambda text: text.replace("Sign in to", "Sign out of"),
        lambda text: text.replace("testserver", "evil.example"),
        lambda text: re.sub("Nonce: .*", "Nonce: aaaaaaaaaaaaaaaaa", text),
        lambda text: re.search("Nonce: (.*)", text)[1],
        lambda text: text.replace("Chain ID: 1", "Chain ID: 2"),
    ],
    ids=["newline", "statement", "domain", "nonce", "bare nonce", "chain"],
)
def test_another_text_than_the_issued_one(client, wallet, backend, mutate):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, wallet.sign(mutate(message)))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert nobody_got_in(client)


def test_the_text_of_an_earlier_challenge(client, wallet, backend):
    _, earlier = obtain_challenge(client, wallet)
    challenge, _ = obtain_challenge(client, wallet)

    response = answer(client, challenge, wallet.sign(earlier))

    assert page_code(response) == "signature_invalid"
    assert nobody_got_in(client)


def test_the_same_answer_twice(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    answer(client, challenge, signature)
    user = user_of(client)

    response = answer(client, challenge, signature)

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) == user


def test_the_same_answer_after_logout(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    answer(client, challenge, signature)
    client.logout()

    response = answer(client, challenge, signature)

    assert page_code(response) == "challenge_missing"
    assert user_of(client) is None


def test_the_same_answer_with_the_session_put_back(client, wallet, backend):
    """A session in a cookie, or one restored by a write that came late, cannot be replayed."""
    challenge, message = obtain_challenge(client, wallet)
    before = client.session[SESSION_KEY]
    answer(client, challenge, wallet.sign(message))
    client.logout()
    session = client.session
    session[SESSION_KEY] = before
    session.save()

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) is None


def test_an_answer_from_another_browser(client, wallet, other_wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    stranger = Client()
    sign_in(stranger, other_wallet)
    user = user_of(stranger)

    response = answer(stranger, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(stranger) == user
    assert answer(client, challenge, wallet.sign(message)).status_code == 302


def test_a_wrong_signature_uses_the_challenge_up(client, wallet, other_wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    answer(client, challenge, other_wallet.sign(message))

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert nobody_got_in(client)


@pytest.mark.parametrize("signature", ["", "0x" + "ab" * 8192], ids=["missing", "absurdly long"])
def test_an_answer_that_is_none_uses_the_challenge_up(client, wallet, backend, signature):
    challenge, message = obtain_challenge(client, wallet)
    refused = answer(client, challenge, signature)

    response = answer(client, challenge, wallet.sign(message))

    assert (refused.status_code, page_code(refused)) == (400, "invalid_request")
    assert page_code(response) == "challenge_missing"


def test_an_answer_that_comes_too_late(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    session = client.session
    session[SESSION_KEY][challenge]["expires_at"] -= 121
    session.save()

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_expired")
    assert nobody_got_in(client)


def test_no_account_before_a_signature_was_verified(client, wallet, backend):
    obtain_challenge(client, wallet)

    assert nobody_got_in(client)


def test_a_known_and_an_unknown_wallet_are_answered_alike(client, wallet, other_wallet, backend):
    sign_in(Client(), wallet)

    known, unknown = request_challenge(client, wallet), request_challenge(client, other_wallet)

    def shape(response):
        return response.status_code, list(response.json()), len(response.content)

    assert shape(known) == shape(unknown)


def test_the_session_key_changes(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet)
    before = client.session.session_key

    answer(client, challenge, wallet.sign(message))

    assert client.session.session_key != before


# --- Whose account -------------------------------------------------------------------------------


def test_linking_a_second_wallet(client, wallet, other_wallet, backend):
    sign_in(client, wallet)
    user = user_of(client)

    response = sign_in(client, other_wallet, process="connect", next="/there/")

    assert (response.status_code, response["Location"]) == (302, "/there/")
    assert user_of(client) == user
    assert set(SocialAccount.objects.values_list("uid", "user_id")) == {
        (wallet.address, user),
        (other_wallet.address, user),
    }
    client.logout()
    sign_in(client, other_wallet)
    assert user_of(client) == user


def test_the_text_says_that_a_wallet_is_linked(client, wallet, other_wallet, backend):
    sign_in(client, wallet)

    _, message = obtain_challenge(client, other_wallet, process="connect")

    assert "\nLink this wallet to your account at testserver\n" in message


def test_linking_needs_somebody_signed_in(client, wallet, backend):
    response = request_challenge(client, wallet, process="connect")

    assert (response.status_code, json_code(response)) == (403, "login_required")


def test_linking_a_wallet_of_another_account(client, wallet, other_wallet, backend):
    sign_in(Client(), other_wallet)
    theirs = SocialAccount.objects.values().get()
    sign_in(client, wallet)
    user = user_of(client)

    response = sign_in(client, other_wallet, process="connect", next="/there/")

    assert response.status_code == 302
    assert user_of(client) == user
    assert SocialAccount.objects.values().get(uid=other_wallet.address) == theirs


def test_linking_the_same_wallet_again_changes_nothing_but_the_proof(client, wallet, backend):
    sign_in(client, wallet)
    user = user_of(client)

    sign_in(client, wallet, process="connect", next="/there/")

    assert (SocialAccount.objects.count(), user_of(client)) == (1, user)


def test_an_unlinked_wallet_opens_another_account(client, wallet, backend):
    sign_in(client, wallet)
    user = user_of(client)
    client.logout()
    SocialAccount.objects.all().delete()

    sign_in(client, wallet)

    assert user_of(client) not in (None, user)


def test_signing_in_as_another_wallet_does_not_mix_the_sessions(
    client, wallet, other_wallet, backend
):
    sign_in(client, wallet)
    first = user_of(client)
    session = client.session
    session["basket"] = "of the first"
    session.save()

    sign_in(client, other_wallet)

    assert user_of(client) not in (None, first)
    assert "basket" not in client.session


def test_an_inactive_account_is_not_signed_in(client, wallet, backend):
    sign_in(client, wallet)
    client.logout()
    get_user_model().objects.update(is_active=False)

    response = sign_in(client, wallet)

    assert response.status_code == 302
    assert user_of(client) is None
