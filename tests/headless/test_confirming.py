"""Applications confirm by a wallet that it is still the same person."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.backends.db import SessionStore

from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY

from ..headless_app import App, codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirmed_access(settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


def confirm(app, wallet, signer=None) -> dict:
    data = app.ask(wallet, process="reauthenticate")["data"]
    proof = (signer or wallet).prove(data["message"])
    return app.post("provider/moralis/reauthenticate", {"challenge": data["challenge"], **proof})


def forget(app) -> None:
    """Let the session's proof be too old."""
    session = SessionStore(app.token) if app.token else app.http.session
    del session[SESSION_KEY], session[SIGNED_IN_KEY]
    session.save()


def add_email(app) -> dict:
    return app.post("../account/email", {"email": "ada@example.com"})


def test_an_app_is_asked_for_the_wallet_and_goes_on(app, wallet, confirmed_access):
    app.sign_in(wallet)
    forget(app)

    asked = add_email(app)
    assert (asked["status"], asked["meta"]["is_authenticated"]) == (401, True)
    assert asked["data"]["flows"] == []  # allauth's own have no place for a wallet
    assert asked["meta"]["flows"] == [{"id": "provider_reauthenticate", "providers": ["moralis"]}]
    answer = confirm(app, wallet)

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (200, True)
    assert answer["data"]["methods"][-1]["reauthenticated"] is True
    assert add_email(app)["status"] == 200


def test_a_wallet_that_is_not_linked_confirms_nothing(app, wallet, other_wallet, confirmed_access):
    app.sign_in(wallet)
    forget(app)

    answer = confirm(app, other_wallet)

    assert (answer["status"], codes(answer)) == (400, ["wallet_not_linked"])
    assert add_email(app)["status"] == 401


def test_a_wrong_signature_confirms_nothing(app, wallet, other_wallet, confirmed_access):
    app.sign_in(wallet)
    forget(app)

    answer = confirm(app, wallet, other_wallet)

    assert (answer["status"], codes(answer)) == (400, ["signature_invalid"])
    assert add_email(app)["status"] == 401


@pytest.mark.parametrize("process", ["login", "connect"])
def test_a_challenge_for_something_else_confirms_nothing(app, wallet, confirmed_access, process):
    app.sign_in(wallet)
    data = app.ask(wallet, process=process)["data"]
    forget(app)

    fields = {"challenge": data["challenge"], **wallet.prove(data["message"])}
    answer = app.post("provider/moralis/reauthenticate", fields)

    assert (answer["status"], codes(answer)) == (400, ["challenge_missing"])
    assert add_email(app)["status"] == 401


@pytest.mark.parametrize("process", ["login", "connect"])
def test_a_challenge_to_confirm_does_nothing_else(app, wallet, other_wallet, process):
    app.sign_in(wallet)
    data = app.ask(wallet, process="reauthenticate")["data"]

    answer = app.answer(data["challenge"], wallet.prove(data["message"]), process)

    assert codes(answer) == ["challenge_missing"]


def test_the_token_endpoint_takes_no_confirmation(app, wallet):
    """allauth's endpoint knows two processes; a third is its own to refuse."""
    app.sign_in(wallet)
    data = app.ask(wallet, process="reauthenticate")["data"]

    answer = app.answer(data["challenge"], wallet.prove(data["message"]), "reauthenticate")

    assert answer["status"] == 400
    assert answer["errors"][0]["param"] == "process"


def test_confirming_needs_somebody_signed_in(app, wallet):
    answer = app.post("provider/moralis/reauthenticate", {"challenge": "x", "signature": "y"})

    assert (answer["status"], answer["meta"]["is_authenticated"]) == (401, False)


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 10_000, '"x"', '{"challenge": 5}', "{}"])
def test_a_confirmation_that_is_none(app, wallet, body):
    app.sign_in(wallet)

    answer = app.post("provider/moralis/reauthenticate", body)

    assert (answer["status"], codes(answer)) == (400, ["invalid_request"])


def test_too_many_confirmations(app, wallet, provider):
    provider["RATE_LIMITS"] = {"verify": "2/m/ip"}
    app.sign_in(wallet)
    confirm(app, wallet)

    answer = confirm(app, wallet)

    assert (answer["status"], codes(answer)) == (429, ["rate_limited"])


def test_an_account_with_a_second_factor_is_asked_for_that(app, wallet, confirmed_access):
    app.sign_in(wallet)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")

    refused = confirm(app, wallet)

    assert [flow["id"] for flow in refused["data"]["flows"]] == ["mfa_reauthenticate"]
    answer = app.delete("../account/authenticators/totp", {})
    assert answer["status"] == refused["status"] == 401
    assert [flow["id"] for flow in answer["data"]["flows"]] == ["mfa_reauthenticate"]


def test_reauthentication_of_a_browser_needs_its_csrf_token(wallet):
    app = App("browser")
    app.sign_in(wallet)
    app.http.handler.enforce_csrf_checks = True

    answer = app.post("provider/moralis/reauthenticate", {})

    assert (answer["status"], codes(answer)) == (403, ["csrf_failed"])
    assert "was reloaded" not in answer["errors"][0]["message"]
