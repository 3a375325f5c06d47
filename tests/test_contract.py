"""What every backend owes to every site: the same promises, whoever judges the signature.

``test_sites.py`` runs this file again under settings that differ from the demo's.
"""

import re

import pytest
from allauth import app_settings
from allauth.account import app_settings as account_settings
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.internal.stash import SESSION_KEY

from .accounts import EvmAccount
from .ceremony import (
    age,
    answer,
    ask,
    give_password,
    issued,
    json_code,
    page_code,
    sign_in,
    user_of,
)

pytestmark = pytest.mark.django_db


def nobody_got_in(client: Client) -> bool:
    return (
        user_of(client) is None
        and not SocialAccount.objects.exists()
        and not get_user_model().objects.exists()
    )


# --- The main job ----------------------------------------------------------------------------


def test_first_sign_in_makes_user_and_account(client, account, backend):
    response = sign_in(client, account)

    assert response.status_code == 302
    assert response["Location"] == settings.LOGIN_REDIRECT_URL
    row = SocialAccount.objects.get()
    assert (row.provider, row.uid) == ("moralis", account.address)
    assert user_of(client) == row.user_id
    assert not row.user.has_usable_password()
    assert not row.user.email
    if account_settings.USER_MODEL_USERNAME_FIELD:
        assert row.user.username == account.address.lower()


def test_next_sign_in_is_the_same_user(client, account, backend):
    sign_in(client, account)
    first = user_of(client)
    client.logout()

    sign_in(client, account)

    assert user_of(client) == first
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("spell", [str.lower, lambda a: "0x" + a[2:].upper(), str])
def test_one_account_whatever_the_letter_case(client, account, backend, spell):
    sign_in(client, account)
    client.logout()

    challenge, message = issued(client, account, address=spell(account.address))
    answer(client, challenge, account.sign(message))

    assert account.address in message
    assert SocialAccount.objects.count() == 1


def test_one_account_on_every_chain(client, account, backend):
    sign_in(client, account, chain_id=1)
    client.logout()

    sign_in(client, account, chain_id="0x89")

    assert SocialAccount.objects.get().extra_data["chain_id"] == 137


def test_what_was_verified_is_stored(client, account, backend):
    challenge, message = issued(client, account, chain_id=137)
    signature = account.sign(message)
    answer(client, challenge, signature)

    data = SocialAccount.objects.get().extra_data
    verified = data["verified"]
    assert data["verified_by"] == backend
    assert (data["network"], data["chain_id"]) == ("evm", 137)
    assert (data["message"], data["signature"]) == (message, signature)
    assert re.fullmatch(r"[A-Za-z0-9]{17}", verified["id"])
    assert verified["address"] == account.address
    assert verified["chainId"] == 137
    assert (verified["domain"], verified["uri"]) == ("testserver", "http://testserver/")
    assert verified["version"] == "1"
    assert f"Nonce: {verified['nonce']}" in message
    assert f"Expiration Time: {verified['expirationTime']}" in message
    assert ("profileId" in verified) == (backend == "moralis")


def test_text_names_site_wallet_purpose_chain_and_nonce(client, account, backend):
    _, message = issued(client, account, chain_id=10)

    assert re.fullmatch(
        rf"testserver wants you to sign in with your Ethereum account:\n{account.address}\n\n"
        r"Sign in to testserver\n\nURI: http://testserver/\nVersion: 1\nChain ID: 10\n"
        r"Nonce: [A-Za-z0-9]{17}\nIssued At: \S+Z\nExpiration Time: \S+Z",
        message,
    )


def test_next_is_where_it_ends(client, account, backend):
    response = sign_in(client, account, next="/somewhere/?a=b")

    assert response["Location"] == "/somewhere/?a=b"


def test_signature_without_its_prefix_is_the_same_signature(client, account, backend):
    challenge, message = issued(client, account)

    response = answer(client, challenge, account.sign(message).removeprefix("0x"))

    assert response.status_code == 302


def test_several_tabs_can_sign_at_once(client, account, other_account, backend):
    first, text = issued(client, account)
    issued(client, other_account)

    assert answer(client, first, account.sign(text)).status_code == 302


# --- Who signed what -------------------------------------------------------------------------


def test_another_key_than_the_claimed_one(client, account, other_account, backend):
    challenge, message = issued(client, account)

    response = answer(client, challenge, other_account.sign(message))

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
def test_another_text_than_the_issued_one(client, account, backend, mutate):
    challenge, message = issued(client, account)

    response = answer(client, challenge, account.sign(mutate(message)))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert nobody_got_in(client)


def test_the_text_of_an_earlier_challenge(client, account, backend):
    _, earlier = issued(client, account)
    challenge, _ = issued(client, account)

    response = answer(client, challenge, account.sign(earlier))

    assert page_code(response) == "signature_invalid"
    assert nobody_got_in(client)


def test_the_same_answer_twice(client, account, backend):
    challenge, message = issued(client, account)
    signature = account.sign(message)
    answer(client, challenge, signature)
    user = user_of(client)

    response = answer(client, challenge, signature)

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) == user


def test_the_same_answer_after_logout(client, account, backend):
    challenge, message = issued(client, account)
    signature = account.sign(message)
    answer(client, challenge, signature)
    client.logout()

    response = answer(client, challenge, signature)

    assert page_code(response) == "challenge_missing"
    assert user_of(client) is None


def test_the_same_answer_with_the_session_put_back(client, account, backend):
    """A session in a cookie, or one restored by a write that came late, cannot be replayed."""
    challenge, message = issued(client, account)
    before = client.session[SESSION_KEY]
    answer(client, challenge, account.sign(message))
    client.logout()
    session = client.session
    session[SESSION_KEY] = before
    session.save()

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) is None


def test_an_answer_from_another_browser(client, account, other_account, backend):
    challenge, message = issued(client, account)
    stranger = Client()
    sign_in(stranger, other_account)
    user = user_of(stranger)

    response = answer(stranger, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(stranger) == user
    assert answer(client, challenge, account.sign(message)).status_code == 302


def test_a_wrong_signature_uses_the_challenge_up(client, account, other_account, backend):
    challenge, message = issued(client, account)
    answer(client, challenge, other_account.sign(message))

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert nobody_got_in(client)


@pytest.mark.parametrize("signature", ["", "0x" + "ab" * 5000], ids=["missing", "absurdly long"])
def test_an_answer_that_is_none_uses_the_challenge_up(client, account, backend, signature):
    challenge, message = issued(client, account)
    refused = answer(client, challenge, signature)

    response = answer(client, challenge, account.sign(message))

    assert (refused.status_code, page_code(refused)) == (400, "invalid_request")
    assert page_code(response) == "challenge_missing"


def test_an_answer_that_comes_too_late(client, account, backend):
    challenge, message = issued(client, account)
    session = client.session
    session[SESSION_KEY][challenge]["expires_at"] -= 121
    session.save()

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_expired")
    assert nobody_got_in(client)


def test_no_account_before_a_signature_was_verified(client, account, backend):
    issued(client, account)

    assert nobody_got_in(client)


def test_a_known_and_an_unknown_wallet_are_answered_alike(client, account, other_account, backend):
    sign_in(Client(), account)

    known, unknown = ask(client, account), ask(client, other_account)

    def shape(response):
        return response.status_code, list(response.json()), len(response.content)

    assert shape(known) == shape(unknown)


def test_the_session_key_changes(client, account, backend):
    challenge, message = issued(client, account)
    before = client.session.session_key

    answer(client, challenge, account.sign(message))

    assert client.session.session_key != before


# --- Whose account ---------------------------------------------------------------------------


def test_linking_a_second_wallet(client, account, other_account, backend):
    sign_in(client, account)
    user = user_of(client)

    response = sign_in(client, other_account, process="connect", next="/there/")

    assert (response.status_code, response["Location"]) == (302, "/there/")
    assert user_of(client) == user
    assert set(SocialAccount.objects.values_list("uid", "user_id")) == {
        (account.address, user),
        (other_account.address, user),
    }
    client.logout()
    sign_in(client, other_account)
    assert user_of(client) == user


def test_the_text_says_that_a_wallet_is_linked(client, account, other_account, backend):
    sign_in(client, account)

    _, message = issued(client, other_account, process="connect")

    assert "\nLink this wallet to your account at testserver\n" in message


def test_linking_needs_somebody_signed_in(client, account, backend):
    response = ask(client, account, process="connect")

    assert (response.status_code, json_code(response)) == (403, "login_required")


def test_linking_a_wallet_of_another_account(client, account, other_account, backend):
    sign_in(Client(), other_account)
    theirs = SocialAccount.objects.values().get()
    sign_in(client, account)
    user = user_of(client)

    response = sign_in(client, other_account, process="connect", next="/there/")

    assert response.status_code == 302
    assert user_of(client) == user
    assert SocialAccount.objects.values().get(uid=other_account.address) == theirs


def test_linking_the_same_wallet_again_changes_nothing_but_the_proof(client, account, backend):
    sign_in(client, account)
    user = user_of(client)

    sign_in(client, account, process="connect", next="/there/")

    assert (SocialAccount.objects.count(), user_of(client)) == (1, user)


def test_an_unlinked_wallet_opens_another_account(client, account, backend):
    sign_in(client, account)
    user = user_of(client)
    client.logout()
    SocialAccount.objects.all().delete()

    sign_in(client, account)

    assert user_of(client) not in (None, user)


def test_signing_in_as_another_wallet_does_not_mix_the_sessions(
    client, account, other_account, backend
):
    sign_in(client, account)
    first = user_of(client)
    session = client.session
    session["basket"] = "of the first"
    session.save()

    sign_in(client, other_account)

    assert user_of(client) not in (None, first)
    assert "basket" not in client.session


def test_an_inactive_account_is_not_signed_in(client, account, backend):
    sign_in(client, account)
    client.logout()
    get_user_model().objects.update(is_active=False)

    response = sign_in(client, account)

    assert response.status_code == 302
    assert user_of(client) is None


# --- The endpoints themselves ----------------------------------------------------------------


def test_the_wallet_page_is_open_to_everybody(client, backend):
    assert client.get(reverse("moralis_login")).status_code == 200


def test_challenge_is_not_asked_for_by_get(client):
    assert client.get(reverse("moralis_challenge")).status_code == 405


def test_address_of_a_refusal_opened_anew_leads_to_the_wallet_page(client):
    response = client.get(reverse("moralis_verify"))

    assert (response.status_code, response["Location"]) == (302, reverse("moralis_login"))


def test_refusal_survives_a_reload_and_is_not_judged_again(client, account, other_account, backend):
    challenge, message = issued(client, account)
    wrong = other_account.sign(message)
    first = answer(client, challenge, wrong)

    again = answer(client, challenge, wrong)

    assert (again.status_code, page_code(again)) == (first.status_code, page_code(first))
    assert page_code(again) == "signature_invalid"
    assert "no-store" not in again["Cache-Control"]  # the Back button has it
    # Another answer is another attempt, and so is the same in another browser.
    assert page_code(answer(client, challenge, account.sign(message))) == "challenge_missing"
    assert page_code(answer(Client(), challenge, wrong)) == "challenge_missing"
    assert nobody_got_in(client)


def test_without_a_csrf_token_nothing_is_done(account, backend):
    client = Client(enforce_csrf_checks=True)

    assert ask(client, account).status_code == 403
    assert answer(client, "challenge", "0x00").status_code == 403


def test_the_csrf_token_of_the_wallet_page_opens_both(account, backend):
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse("moralis_login")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]

    asked = client.post(
        reverse("moralis_challenge"),
        {"address": account.address},
        content_type="application/json",
        headers={"X-CSRFToken": token},
    ).json()
    response = client.post(
        reverse("moralis_verify"),
        {
            "challenge": asked["challenge"],
            "signature": account.sign(asked["message"]),
            "csrfmiddlewaretoken": token,
        },
    )

    assert response.status_code == 302
    assert user_of(client) is not None


def test_the_profile_is_for_those_signed_in(client, account, backend):
    assert client.get(reverse("moralis_profile")).status_code == 302

    sign_in(client, account)

    response = client.get(reverse("moralis_profile"))
    assert response.status_code == 200
    assert account.address in response.content.decode()


def test_a_wallet_made_of_the_same_key_has_the_same_address():
    """The tests' own wallet agrees with the world: a public test key and its address."""
    key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"

    assert EvmAccount.from_hex(key).address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


def test_a_sign_up_form_where_nobody_gives_an_address(account, other_account, settings):
    """Both have none, where an address is unique, too."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    for owner in (account, other_account):
        client = Client()
        sign_in(client, owner)
        assert not SocialAccount.objects.filter(uid=owner.address).exists()

        client.post(
            "/_allauth/browser/v1/auth/provider/signup",
            {"email": "", "username": owner.address},
            content_type="application/json",
        )

        assert SocialAccount.objects.get(uid=owner.address).user_id == user_of(client)


# --- Confirming one's access -----------------------------------------------------------------


@pytest.fixture
def confirmed_access(settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


def test_a_wallet_is_linked_once_the_access_was_confirmed(
    client, account, other_account, confirmed_access
):
    sign_in(client, account)
    age(client, 1000)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)
    assert (page.status_code, page.context["wanted"].process) == (200, "reauthenticate")
    assert json_code(ask(client, other_account, process="connect")) == "login_required"
    assert SocialAccount.objects.count() == 1
    sign_in(client, account, process="reauthenticate")
    sign_in(client, other_account, process="connect")

    assert SocialAccount.objects.get(uid=other_account.address).user_id == user_of(client)


def test_who_has_a_password_too_can_confirm_by_wallet(
    client, account, other_account, confirmed_access
):
    sign_in(client, account)
    give_password(client)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)
    assert page.status_code == 200
    assert client.get("/accounts/moralis/reauthenticate/").status_code == 200
    sign_in(client, account, process="reauthenticate")
    sign_in(client, other_account, process="connect")

    assert SocialAccount.objects.count() == 2


def test_who_has_no_wallet_yet_and_links_one(client, account, confirmed_access):
    """By their password, where the site has a page that asks for it."""
    user = get_user_model()()
    user.set_password("correct horse!")
    user.save()
    client.force_login(user)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)

    assert page.status_code == 200
    if app_settings.SOCIALACCOUNT_ONLY:  # a password of old opens nothing there
        sign_in(client, account, process="connect")
        assert SocialAccount.objects.get().user_id == user.pk


def test_a_second_factor_is_no_endless_round(client, account, confirmed_access):
    """Whoever has one is not asked for a wallet instead, which would not do."""
    if not app_settings.MFA_ENABLED:
        pytest.skip("the site has no second factors")
    from allauth.mfa.totp.internal.auth import TOTP  # noqa: PLC0415 - it is there only where it is installed

    sign_in(client, account)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")
    age(client, 1000)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)

    assert page.status_code == 200
    assert "reauthenticate" not in str(page.request["QUERY_STRING"])


@pytest.mark.parametrize("by_wallet", [True, False])
def test_applications_are_asked_in_allauths_way(client, account, confirmed_access, by_wallet):
    if by_wallet:
        sign_in(client, account)
        age(client, 1000)
    else:
        user = get_user_model()()
        user.set_password("correct horse!")
        user.save()
        client.force_login(user)
    url = "/_allauth/browser/v1/account/email"

    response = client.post(url, {"email": "ada@example.com"}, content_type="application/json")

    # 404: a site that has no local accounts has no e-mail addresses either.
    assert response.status_code in (401, 404)
