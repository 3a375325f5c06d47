"""Single-page and mobile applications sign in, link and leave."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.test import Client

from allauth_moralis.testing import SolanaWallet, sign_in

from ..ceremony import user_of
from ..headless_app import App, codes

pytestmark = pytest.mark.django_db


def test_signing_in(app, wallet, backend):
    asked = app.ask(wallet)
    assert list(asked["data"]) == ["challenge", "message", "expires_at"]
    assert ("session_token" in asked.get("meta", {})) == (app.kind == "app")

    answer = app.answer(asked["data"]["challenge"], wallet.prove(asked["data"]["message"]))

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (200, True)
    row = SocialAccount.objects.get()
    assert (row.uid, answer["data"]["user"]["id"]) == (wallet.address, row.user_id)
    assert row.extra_data["verified_by"] == backend


def test_signing_in_again(app, wallet):
    first = app.sign_in(wallet)["data"]["user"]["id"]

    assert App(app.kind).sign_in(wallet)["data"]["user"]["id"] == first


def test_sign_in_that_fails_late_does_not_give_the_challenge_back(app, wallet):
    """Not by the claim alone: another process may have a cache of its own."""
    asked = app.ask(wallet)["data"]
    proof = wallet.prove(asked["message"])
    app.http.raise_request_exception = False

    def fail(**kwargs):
        raise RuntimeError("of the site")

    user_logged_in.connect(fail)
    try:
        with pytest.raises(ValueError, match="Content-Type"):  # a page, and no JSON
            app.answer(asked["challenge"], proof)
    finally:
        user_logged_in.disconnect(fail)
    cache.clear()

    again = app.answer(asked["challenge"], proof)

    if app.kind == "app":  # whose session had got another key already
        assert again["status"] == 410
    else:
        assert codes(again) == ["challenge_missing"]


def test_linking(app, wallet):
    second = SolanaWallet()
    user = app.sign_in(wallet)["data"]["user"]["id"]

    answer = app.sign_in(second, "connect")

    assert answer["status"] == 200
    assert SocialAccount.objects.get(uid=second.address).user_id == user


def test_linking_needs_somebody_signed_in(app, wallet):
    answer = app.ask(wallet, process="connect")

    assert (answer["status"], codes(answer)) == (403, ["login_required"])


def test_linking_the_same_wallet_again_is_refused(app, wallet):
    app.sign_in(wallet)
    before = SocialAccount.objects.get().extra_data["verified"]

    answer = app.sign_in(wallet, "connect")

    assert (answer["status"], codes(answer)) == (400, ["wallet_already_linked"])
    assert SocialAccount.objects.get().extra_data["verified"] != before


def test_a_wallet_of_another_account(app, wallet, other_wallet):
    App("browser").sign_in(other_wallet)
    theirs = SocialAccount.objects.values().get()
    app.sign_in(wallet)

    answer = app.sign_in(other_wallet, "connect")

    assert codes(answer) == ["connected_other"]
    assert SocialAccount.objects.values().get(uid=other_wallet.address) == theirs


@pytest.mark.parametrize(
    ("asked_for", "answered_for"), [("login", "connect"), ("connect", "login")]
)
def test_a_challenge_for_another_purpose(app, wallet, other_wallet, asked_for, answered_for):
    app.sign_in(wallet)
    data = app.ask(other_wallet, process=asked_for)["data"]
    proof = other_wallet.prove(data["message"])

    answer = app.answer(data["challenge"], proof, answered_for)

    assert (answer["status"], codes(answer)) == (400, ["challenge_missing"])
    assert answer["errors"][0]["param"] == "token"
    assert codes(app.answer(data["challenge"], proof, asked_for)) == ["challenge_missing"]
    assert SocialAccount.objects.count() == 1


def test_challenge_for_another_purpose_of_somebody_who_is_not_signed_in(app, wallet):
    data = app.ask(wallet)["data"]
    proof = wallet.prove(data["message"])

    answer = app.answer(data["challenge"], proof, "connect")

    assert (answer["status"], codes(answer)) == (400, ["challenge_missing"])
    assert codes(app.answer(data["challenge"], proof, "login")) == ["challenge_missing"]
    assert not SocialAccount.objects.exists()


def test_a_wrong_signature_uses_the_challenge_up(app, wallet, other_wallet):
    data = app.ask(wallet)["data"]

    answer = app.answer(data["challenge"], other_wallet.prove(data["message"]))

    assert codes(answer) == ["signature_invalid"]
    assert codes(app.answer(data["challenge"], wallet.prove(data["message"]))) == [
        "challenge_missing"
    ]
    assert not SocialAccount.objects.exists()


def test_an_answer_from_another_client(app, wallet):
    data = app.ask(wallet)["data"]

    answer = App(app.kind).answer(data["challenge"], wallet.prove(data["message"]))

    assert codes(answer) == ["challenge_missing"]


@pytest.mark.parametrize(
    "id_token",
    ["x", "{", "[]", "null", "{}", '{"challenge": 5}', '{"challenge": "x"}', "[" * 5000, "\ud800",
     '{"challenge": "x", "signature": 5}', "x" * 20_000],
)  # fmt: skip
def test_tokens_that_are_none(app, id_token):
    answer = app.post(
        "provider/token",
        {"provider": "moralis", "process": "login", "token": {"id_token": id_token}},
    )

    assert (answer["status"], codes(answer)) == (400, ["invalid_request"])


def test_a_token_of_another_kind(app):
    answer = app.post(
        "provider/token",
        {"provider": "moralis", "process": "login", "token": {"access_token": "x"}},
    )

    assert codes(answer) == ["invalid_request"]


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 10_000, '"x"'])
def test_a_challenge_request_that_is_none(app, body):
    answer = app.post("provider/moralis/challenge", body)

    assert (answer["status"], codes(answer)) == (400, ["invalid_request"])


def test_too_many_challenges(app, wallet, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    app.ask(wallet)

    answer = app.ask(wallet)

    assert (answer["status"], codes(answer)) == (429, ["rate_limited"])


def test_get_is_not_allowed(app):
    response = app.http.get(f"/_allauth/{app.kind}/v1/auth/provider/moralis/challenge")

    assert response.status_code == 405


def test_a_browser_needs_its_csrf_token(wallet):
    app = App("browser")
    app.http = Client(enforce_csrf_checks=True)

    response = app.http.post(
        "/_allauth/browser/v1/auth/provider/moralis/challenge",
        json.dumps(wallet.described),
        content_type="application/json",
    )

    assert response.status_code == 403


def test_a_second_factor_is_pending(app, wallet):
    app.sign_in(wallet)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")

    answer = App(app.kind).sign_in(wallet)

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (401, False)
    pending = [flow for flow in answer["data"]["flows"] if flow.get("is_pending")]
    assert [flow["id"] for flow in pending] == ["mfa_authenticate"]


def test_a_required_email_is_pending(app, wallet, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

    answer = app.sign_in(wallet)

    pending = [flow for flow in answer["data"]["flows"] if flow.get("is_pending")]
    assert [flow["id"] for flow in pending] == ["provider_signup"]
    done = app.post("provider/signup", {"email": "ada@example.com"})
    assert done["meta"]["is_authenticated"] is True
    assert SocialAccount.objects.get().uid == wallet.address


def test_a_required_email_comes_too_late(app, wallet, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    app.sign_in(wallet)
    other = App(app.kind)
    other.sign_in(wallet)
    other.post("provider/signup", {"email": "ada@example.com"})

    answer = app.post("provider/signup", {"email": "ada@example.org"})

    assert answer["status"] == 409
    assert get_user_model().objects.count() == 1
    assert app.sign_in(wallet)["meta"]["is_authenticated"] is True


def test_two_first_logins_at_once_are_one(app, wallet, monkeypatch):
    """The other one is faster: this one joins the account that it made."""
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        monkeypatch.undo()
        sign_in(Client(), wallet)
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    answer = app.sign_in(wallet)

    assert answer["status"] == 200
    assert answer["data"]["user"]["id"] == SocialAccount.objects.get().user_id
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("theirs", [True, False], ids=["another's", "one's own"])
def test_linking_a_wallet_that_is_being_linked_elsewhere(
    app, wallet, other_wallet, monkeypatch, theirs
):
    user = app.sign_in(wallet)["data"]["user"]["id"]
    owner = get_user_model().objects.create_user("ada").pk if theirs else user
    connect = SocialLogin.connect

    def late(self, request, user):
        SocialAccount.objects.create(user_id=owner, provider="moralis", uid=other_wallet.address)
        return connect(self, request, user)

    monkeypatch.setattr(SocialLogin, "connect", late)

    answer = app.sign_in(other_wallet, "connect")

    assert codes(answer) == ["connected_other"] if theirs else answer["status"] == 200
    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == owner


def test_a_user_name_that_is_being_taken_elsewhere(app, wallet, monkeypatch):
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        get_user_model().objects.create_user(wallet.address.lower())
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    assert app.sign_in(wallet)["status"] == 200
    assert SocialAccount.objects.get().user.username.startswith(wallet.address.lower())


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x; charset=zlib",
        "multipart/form-data; boundary=x; charset=idna",
        "text/plain",
        "application/x-www-form-urlencoded",
    ],
)
def test_a_body_that_is_not_json(app, content_type):
    response = app.http.generic(
        "POST",
        f"/_allauth/{app.kind}/v1/auth/provider/moralis/challenge",
        "--x--",
        content_type=content_type,
    )

    assert (response.status_code, codes(response.json())) == (400, ["invalid_request"])


def test_a_body_that_is_too_large(app):
    answer = app.post("provider/moralis/challenge", " " * 3_000_000)

    assert codes(answer) == ["invalid_request"]


# --- Leaving -------------------------------------------------------------------------------------


def test_the_last_wallet_stays_and_the_sentence_has_no_markup(app, wallet):
    app.sign_in(wallet)

    answer = app.delete("../account/providers", {"provider": "moralis", "account": wallet.address})

    assert codes(answer) == ["no_password"]
    assert answer["errors"][0]["message"] == (
        "This is the only way into your account. Add another one first: link a wallet, or add an "
        "e-mail address and set a password."
    )
    assert SocialAccount.objects.count() == 1


def test_one_of_two_wallets_can_be_removed(app, wallet, other_wallet):
    app.sign_in(wallet)
    app.sign_in(other_wallet, "connect")

    answer = app.delete(
        "../account/providers", {"provider": "moralis", "account": other_wallet.address}
    )

    assert [entry["uid"] for entry in answer["data"]] == [wallet.address]


def test_a_wallet_of_another_account_by_redirect_tells_the_application_alone(
    client, wallet, other_wallet
):
    """No page of the site is left to show a message, which would turn up on another."""
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)
    response = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "process": "connect", "callback_url": "/app/"},
    )
    state = parse_qs(urlsplit(response["Location"]).query)["state"][0]

    response = sign_in(client, other_wallet, state=state)

    assert parse_qs(urlsplit(response["Location"]).query)["error"] == ["connected_other"]
    assert "opens another account" not in client.get("/accounts/profile/").content.decode()


def test_pages_and_applications_share_their_accounts(app, wallet, client):
    sign_in(client, wallet)

    assert app.sign_in(wallet)["data"]["user"]["id"] == user_of(client)
