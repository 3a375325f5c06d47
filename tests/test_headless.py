"""Single-page and mobile applications, through ``allauth.headless``."""

import json
import posixpath
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from allauth_moralis.exceptions import BY_CODE
from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY

from .accounts import SolanaAccount
from .ceremony import sign_in, user_of

pytestmark = pytest.mark.django_db


class App:
    """A client of the API: a browser by its session cookie, an app by its session token."""

    def __init__(self, kind: str) -> None:
        self.kind, self.http, self.token = kind, Client(), None

    def post(self, path: str, data: object) -> dict:
        return self.call("POST", path, data)

    def delete(self, path: str, data: object) -> dict:
        return self.call("DELETE", path, data)

    def call(self, method: str, path: str, data: object) -> dict:
        headers = {"X-Session-Token": self.token} if self.token else {}
        body = data if isinstance(data, str) else json.dumps(data)
        url = posixpath.normpath(f"/_allauth/{self.kind}/v1/auth/{path}")
        response = self.http.generic(
            method, url, body, content_type="application/json", headers=headers
        )
        answer = response.json()
        assert answer["status"] == response.status_code
        self.token = answer.get("meta", {}).get("session_token", self.token)
        return answer

    def ask(self, account, **fields) -> dict:
        return self.post("provider/moralis/challenge", {**account.described, **fields})

    def answer(self, challenge: str, proof: dict, process: str = "login", **fields) -> dict:
        id_token = json.dumps({"challenge": challenge, **proof, **fields})
        return self.post(
            "provider/token",
            {"provider": "moralis", "process": process, "token": {"id_token": id_token}},
        )

    def sign_in(self, account, process: str = "login") -> dict:
        data = self.ask(account, process=process)["data"]
        return self.answer(data["challenge"], account.prove(data["message"]), process)


@pytest.fixture(params=["browser", "app"])
def app(request) -> App:
    return App(request.param)


def codes(answer: dict) -> list[str]:
    assert 400 <= answer["status"] < 600
    return [error["code"] for error in answer["errors"]]


def test_signing_in(app, account, backend):
    asked = app.ask(account)
    assert list(asked["data"]) == ["challenge", "message", "expires_at"]
    assert ("session_token" in asked.get("meta", {})) == (app.kind == "app")

    answer = app.answer(asked["data"]["challenge"], account.prove(asked["data"]["message"]))

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (200, True)
    row = SocialAccount.objects.get()
    assert (row.uid, answer["data"]["user"]["id"]) == (account.address, row.user_id)
    assert row.extra_data["verified_by"] == backend


def test_signing_in_again(app, account):
    first = app.sign_in(account)["data"]["user"]["id"]

    assert App(app.kind).sign_in(account)["data"]["user"]["id"] == first


def test_linking(app, account):
    second = SolanaAccount()
    user = app.sign_in(account)["data"]["user"]["id"]

    answer = app.sign_in(second, "connect")

    assert answer["status"] == 200
    assert SocialAccount.objects.get(uid=second.address).user_id == user


def test_linking_needs_somebody_signed_in(app, account):
    answer = app.ask(account, process="connect")

    assert (answer["status"], codes(answer)) == (403, ["login_required"])


def test_a_wallet_of_another_account(app, account, other_account):
    App("browser").sign_in(other_account)
    theirs = SocialAccount.objects.values().get()
    app.sign_in(account)

    answer = app.sign_in(other_account, "connect")

    assert codes(answer) == ["connected_other"]
    assert SocialAccount.objects.values().get(uid=other_account.address) == theirs


@pytest.mark.parametrize(
    ("asked_for", "answered_for"), [("login", "connect"), ("connect", "login")]
)
def test_a_challenge_for_another_purpose(app, account, other_account, asked_for, answered_for):
    app.sign_in(account)
    data = app.ask(other_account, process=asked_for)["data"]
    proof = other_account.prove(data["message"])

    answer = app.answer(data["challenge"], proof, answered_for)

    assert (answer["status"], codes(answer)) == (400, ["challenge_missing"])
    assert answer["errors"][0]["param"] == "token"
    assert codes(app.answer(data["challenge"], proof, asked_for)) == ["challenge_missing"]
    assert SocialAccount.objects.count() == 1


def test_a_wrong_signature_uses_the_challenge_up(app, account, other_account):
    data = app.ask(account)["data"]

    answer = app.answer(data["challenge"], other_account.prove(data["message"]))

    assert codes(answer) == ["signature_invalid"]
    assert codes(app.answer(data["challenge"], account.prove(data["message"]))) == [
        "challenge_missing"
    ]
    assert not SocialAccount.objects.exists()


def test_an_answer_from_another_client(app, account):
    data = app.ask(account)["data"]

    answer = App(app.kind).answer(data["challenge"], account.prove(data["message"]))

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


def test_too_many_challenges(app, account, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    app.ask(account)

    answer = app.ask(account)

    assert (answer["status"], codes(answer)) == (429, ["rate_limited"])


def test_get_is_not_allowed(app):
    response = app.http.get(f"/_allauth/{app.kind}/v1/auth/provider/moralis/challenge")

    assert response.status_code == 405


def test_a_browser_needs_its_csrf_token(account):
    app = App("browser")
    app.http = Client(enforce_csrf_checks=True)

    response = app.http.post(
        "/_allauth/browser/v1/auth/provider/moralis/challenge",
        json.dumps(account.described),
        content_type="application/json",
    )

    assert response.status_code == 403


def test_a_second_factor_is_pending(app, account):
    app.sign_in(account)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")

    answer = App(app.kind).sign_in(account)

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (401, False)
    pending = [flow for flow in answer["data"]["flows"] if flow.get("is_pending")]
    assert [flow["id"] for flow in pending] == ["mfa_authenticate"]


def test_a_required_email_is_pending(app, account, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

    answer = app.sign_in(account)

    pending = [flow for flow in answer["data"]["flows"] if flow.get("is_pending")]
    assert [flow["id"] for flow in pending] == ["provider_signup"]
    done = app.post("provider/signup", {"email": "ada@example.com"})
    assert done["meta"]["is_authenticated"] is True
    assert SocialAccount.objects.get().uid == account.address


def test_a_required_email_comes_too_late(app, account, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    app.sign_in(account)
    other = App(app.kind)
    other.sign_in(account)
    other.post("provider/signup", {"email": "ada@example.com"})

    answer = app.post("provider/signup", {"email": "ada@example.org"})

    assert answer["status"] == 409
    assert get_user_model().objects.count() == 1
    assert app.sign_in(account)["meta"]["is_authenticated"] is True


def test_two_first_logins_at_once_are_one(app, account, monkeypatch):
    """The other one is faster: this one joins the account that it made."""
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        monkeypatch.undo()
        sign_in(Client(), account)
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    answer = app.sign_in(account)

    assert answer["status"] == 200
    assert answer["data"]["user"]["id"] == SocialAccount.objects.get().user_id
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("theirs", [True, False], ids=["another's", "one's own"])
def test_linking_a_wallet_that_is_being_linked_elsewhere(
    app, account, other_account, monkeypatch, theirs
):
    user = app.sign_in(account)["data"]["user"]["id"]
    owner = get_user_model().objects.create_user("ada").pk if theirs else user
    connect = SocialLogin.connect

    def late(self, request, user):
        SocialAccount.objects.create(user_id=owner, provider="moralis", uid=other_account.address)
        return connect(self, request, user)

    monkeypatch.setattr(SocialLogin, "connect", late)

    answer = app.sign_in(other_account, "connect")

    assert codes(answer) == ["connected_other"] if theirs else answer["status"] == 200
    assert SocialAccount.objects.get(uid=other_account.address).user_id == owner


def test_a_user_name_that_is_being_taken_elsewhere(app, account, monkeypatch):
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        get_user_model().objects.create_user(account.address.lower())
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    assert app.sign_in(account)["status"] == 200
    assert SocialAccount.objects.get().user.username.startswith(account.address.lower())


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x; charset=zlib",
        "multipart/form-data; boundary=x; charset=idna",
    ],
)
def test_a_body_that_is_no_form(app, content_type):
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


# --- docs/openapi.yaml ------------------------------------------------------------------------

DOCUMENT = yaml.safe_load((Path(__file__).parent.parent / "docs" / "openapi.yaml").read_text())


def test_the_document_is_one():
    openapi_spec_validator.validate(DOCUMENT)


def check_documented(path: str, answer: dict) -> None:
    """The document knows this answer, down to its schema."""
    responses = DOCUMENT["paths"][f"/_allauth/{{client}}/v1/auth/{path}"]["post"]["responses"]
    response = responses[str(answer["status"])]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {"components": DOCUMENT["components"], "allOf": [schema]})


def test_the_document_says_what_the_endpoints_answer(app, account, other_account, provider):
    ask, confirm = "provider/moralis/challenge", "provider/moralis/reauthenticate"
    check_documented(confirm, app.post(confirm, {}))
    check_documented(ask, app.ask(account))
    check_documented(ask, app.ask(account, address="0x12"))
    check_documented(ask, app.ask(account, process="connect"))
    app.sign_in(account)
    data = app.ask(account, process="reauthenticate")["data"]
    answer = {"challenge": data["challenge"], **account.prove(data["message"])}
    check_documented(confirm, app.post(confirm, answer))
    check_documented(confirm, app.post(confirm, answer))
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    app.ask(account)
    check_documented(ask, app.ask(account))
    if app.kind == "app":
        app.token = "over"
        check_documented(ask, app.ask(account))
        check_documented(confirm, app.post(confirm, answer))


def test_the_document_knows_every_code():
    schema = DOCUMENT["components"]["schemas"]["Errors"]["properties"]["errors"]["items"]

    assert set(schema["properties"]["code"]["enum"]) == set(BY_CODE)


# --- Proving again ----------------------------------------------------------------------------


@pytest.fixture
def confirmed_access(settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


def confirm(app, account, signer=None) -> dict:
    data = app.ask(account, process="reauthenticate")["data"]
    proof = (signer or account).prove(data["message"])
    return app.post("provider/moralis/reauthenticate", {"challenge": data["challenge"], **proof})


def forget(app) -> None:
    """Let the session's proof be too old."""
    session = SessionStore(app.token) if app.token else app.http.session
    del session[SESSION_KEY], session[SIGNED_IN_KEY]
    session.save()


def add_email(app) -> dict:
    return app.post("../account/email", {"email": "ada@example.com"})


def test_an_app_is_asked_for_the_wallet_and_goes_on(app, account, confirmed_access):
    app.sign_in(account)
    forget(app)

    asked = add_email(app)
    assert (asked["status"], asked["meta"]["is_authenticated"]) == (401, True)
    assert asked["data"]["flows"] == []  # allauth's own have no place for a wallet
    assert asked["meta"]["flows"] == [{"id": "provider_reauthenticate", "providers": ["moralis"]}]
    answer = confirm(app, account)

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (200, True)
    assert answer["data"]["methods"][-1]["reauthenticated"] is True
    assert add_email(app)["status"] == 200


def test_a_wallet_that_is_not_linked_confirms_nothing(
    app, account, other_account, confirmed_access
):
    app.sign_in(account)
    forget(app)

    answer = confirm(app, other_account)

    assert (answer["status"], codes(answer)) == (400, ["wallet_not_linked"])
    assert add_email(app)["status"] == 401


def test_a_wrong_signature_confirms_nothing(app, account, other_account, confirmed_access):
    app.sign_in(account)
    forget(app)

    answer = confirm(app, account, other_account)

    assert (answer["status"], codes(answer)) == (400, ["signature_invalid"])
    assert add_email(app)["status"] == 401


@pytest.mark.parametrize("process", ["login", "connect"])
def test_a_challenge_for_something_else_confirms_nothing(app, account, confirmed_access, process):
    app.sign_in(account)
    data = app.ask(account, process=process)["data"]
    forget(app)

    fields = {"challenge": data["challenge"], **account.prove(data["message"])}
    answer = app.post("provider/moralis/reauthenticate", fields)

    assert (answer["status"], codes(answer)) == (400, ["challenge_missing"])
    assert add_email(app)["status"] == 401


@pytest.mark.parametrize("process", ["login", "connect"])
def test_a_challenge_to_confirm_does_nothing_else(app, account, other_account, process):
    app.sign_in(account)
    data = app.ask(account, process="reauthenticate")["data"]

    answer = app.answer(data["challenge"], account.prove(data["message"]), process)

    assert codes(answer) == ["challenge_missing"]


def test_the_token_endpoint_takes_no_confirmation(app, account):
    """allauth's endpoint knows two processes; a third is its own to refuse."""
    app.sign_in(account)
    data = app.ask(account, process="reauthenticate")["data"]

    answer = app.answer(data["challenge"], account.prove(data["message"]), "reauthenticate")

    assert answer["status"] == 400
    assert answer["errors"][0]["param"] == "process"


def test_confirming_needs_somebody_signed_in(app, account):
    answer = app.post("provider/moralis/reauthenticate", {"challenge": "x", "signature": "y"})

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (401, False)


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 10_000, '"x"', '{"challenge": 5}', "{}"])
def test_a_confirmation_that_is_none(app, account, body):
    app.sign_in(account)

    answer = app.post("provider/moralis/reauthenticate", body)

    assert (answer["status"], codes(answer)) == (400, ["invalid_request"])


def test_too_many_confirmations(app, account, provider):
    provider["RATE_LIMITS"] = {"verify": "2/m/ip"}
    app.sign_in(account)
    confirm(app, account)

    answer = confirm(app, account)

    assert (answer["status"], codes(answer)) == (429, ["rate_limited"])


def test_an_account_with_a_second_factor_is_asked_for_that(app, account, confirmed_access):
    app.sign_in(account)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")

    refused = confirm(app, account)

    assert [flow["id"] for flow in refused["data"]["flows"]] == ["mfa_reauthenticate"]
    answer = app.delete("../account/authenticators/totp", {})
    assert answer["status"] == refused["status"] == 401
    assert [flow["id"] for flow in answer["data"]["flows"]] == ["mfa_reauthenticate"]


# --- Leaving ----------------------------------------------------------------------------------


def test_the_last_wallet_stays_and_the_sentence_has_no_markup(app, account):
    app.sign_in(account)

    answer = app.delete("../account/providers", {"provider": "moralis", "account": account.address})

    assert codes(answer) == ["no_password"]
    assert answer["errors"][0]["message"] == (
        "This is the last way into your account. Add another one first: link a wallet, or add an "
        "e-mail address and set a password."
    )
    assert SocialAccount.objects.count() == 1


def test_one_of_two_wallets_can_be_removed(app, account, other_account):
    app.sign_in(account)
    app.sign_in(other_account, "connect")

    answer = app.delete(
        "../account/providers", {"provider": "moralis", "account": other_account.address}
    )

    assert [entry["uid"] for entry in answer["data"]] == [account.address]


def test_a_wallet_of_another_account_by_redirect_tells_the_application_alone(
    client, account, other_account
):
    """No page of the site is left to show a message, which would turn up on another."""
    sign_in(Client(), other_account)
    sign_in(client, account)
    response = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "process": "connect", "callback_url": "/app/"},
    )
    state = parse_qs(urlsplit(response["Location"]).query)["state"][0]

    response = sign_in(client, other_account, state=state)

    assert parse_qs(urlsplit(response["Location"]).query)["error"] == ["connected_other"]
    assert "opens another account" not in client.get("/accounts/profile/").content.decode()


def test_pages_and_applications_share_their_accounts(app, account, client):
    sign_in(client, account)

    assert app.sign_in(account)["data"]["user"]["id"] == user_of(client)
