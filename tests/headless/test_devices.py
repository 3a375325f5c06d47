"""Applications on both sides: one that asks for another device, and one that answers."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.testing import HeadlessClient, sign_in

from ..devices.common import Computer, Phone
from ..headless_app import App, codes
from .test_document import check_documented

pytestmark = pytest.mark.django_db

DEVICE = "provider/moralis/device"


@pytest.fixture(autouse=True)
def _on(provider):
    provider["CROSS_DEVICE"] = True


@pytest.fixture(params=["app", "browser"])
def other(request) -> App:
    """The application on the phone."""
    return App(request.param)


def ask(app: App, **fields) -> dict[str, str]:
    """Have ``app`` ask, and return what a phone answers with, and the device code."""
    answer = app.post(DEVICE, fields)
    assert answer["status"] == 200
    told = answer["data"]
    return {
        "device_code": told["device_code"],
        "device": told["verification_uri"].rstrip("/").rpartition("/")[2],
        "number": told["number"],
    }


def poll(app: App, asked: dict[str, str]) -> str:
    answer = app.post(f"{DEVICE}/poll", {"device_code": asked["device_code"]})
    assert set(answer["data"]) == {"status"}
    return answer["data"]["status"]


def complete(app: App, asked: dict[str, str]) -> dict:
    return app.post(f"{DEVICE}/complete", {"device_code": asked["device_code"]})


def sign(other: App, asked: dict[str, str], wallet) -> dict:
    data = other.ask(wallet, process="device", device=asked["device"], number=asked["number"])
    proof = wallet.prove(data["data"]["message"])
    path = f"{DEVICE}/{asked['device']}"
    return other.post(path, {"challenge": data["data"]["challenge"], **proof})


def test_application_is_signed_in_by_another(app, other, wallet):
    asked = ask(app)
    assert poll(app, asked) == "pending"
    shown = other.call("GET", f"{DEVICE}/{asked['device']}", None)
    assert set(shown["data"]) == {"process", "browser", "system", "expires_at"}
    assert shown["data"]["process"] == "login"

    approved = sign(other, asked, wallet)

    assert (approved["status"], approved["data"]) == (200, {"status": "approved"})
    assert poll(app, asked) == "approved"
    answer = complete(app, asked)
    assert (answer["status"], answer["meta"]["is_authenticated"]) == (200, True)
    assert answer["data"]["methods"][0]["uid"] == wallet.address
    assert SocialAccount.objects.get().uid == wallet.address
    assert other.call("GET", "session", None)["status"] in (401, 410)
    assert codes(complete(app, asked)) == ["challenge_missing"]


def test_application_is_signed_in_by_the_page_on_a_phone(app, wallet):
    asked = ask(app)
    scanned = {"process": "device", "device": asked["device"], "number": asked["number"]}

    Phone(Client()).sign(wallet, scanned)

    assert complete(app, asked)["status"] == 200


def test_page_on_a_computer_is_signed_in_by_an_application(client, other, wallet):
    computer = Computer(client).ask()

    sign(other, computer.scanned, wallet)

    assert computer.complete().status_code == 302


def test_application_of_another_neither_polls_nor_completes(app, other, wallet):
    asked = ask(app)
    sign(other, asked, wallet)

    assert poll(other, asked) == "expired"
    assert codes(complete(other, asked)) == ["challenge_missing"]
    assert complete(app, asked)["status"] == 200


def test_completing_before_the_approval_is_refused(app):
    answer = complete(app, ask(app))

    assert (answer["status"], codes(answer)) == (403, ["challenge_missing"])


def test_application_is_told_what_is_still_missing(app, other, wallet):
    sign_in(HeadlessClient(), wallet)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")
    asked = ask(app)
    sign(other, asked, wallet)

    answer = complete(app, asked)

    assert answer["status"] == 401
    assert [flow["id"] for flow in answer["data"]["flows"] if flow.get("is_pending")] == [
        "mfa_authenticate"
    ]


def test_application_links_the_wallet_of_another(app, other, wallet, other_wallet):
    app.sign_in(wallet)
    asked = ask(app, process="connect")
    sign(other, asked, other_wallet)

    assert complete(app, asked)["status"] == 200
    assert SocialAccount.objects.get(uid=other_wallet.address).user == (
        SocialAccount.objects.get(uid=wallet.address).user
    )


def test_wallet_of_another_account_is_not_linked(app, other, wallet, other_wallet):
    sign_in(HeadlessClient(), other_wallet)
    app.sign_in(wallet)
    asked = ask(app, process="connect")
    sign(other, asked, other_wallet)

    assert codes(complete(app, asked)) == ["connected_other"]


def test_application_confirms_by_the_wallet_of_another(app, other, wallet, other_wallet):
    app.sign_in(wallet)
    asked = ask(app, process="reauthenticate")
    sign(other, asked, wallet)

    answer = complete(app, asked)

    assert answer["data"]["methods"][-1]["reauthenticated"] is True

    asked = ask(app, process="reauthenticate")
    sign(other, asked, other_wallet)
    assert codes(complete(app, asked)) == ["wallet_not_linked"]


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_nobody_signed_in_asks_for_nothing_but_that(app, process):
    assert codes(app.post(DEVICE, {"process": process})) == ["login_required"]


def test_unknown_request_is_not_found(app):
    answer = app.call("GET", f"{DEVICE}/x", None)

    assert (answer["status"], answer["errors"][0]["code"]) == (404, "challenge_missing")


def test_all_four_are_unknown_where_it_is_off(app, provider):
    asked = ask(app)
    provider["CROSS_DEVICE"] = False

    assert app.post(DEVICE, {})["status"] == 404
    assert app.call("GET", f"{DEVICE}/{asked['device']}", None)["status"] == 404
    assert app.post(f"{DEVICE}/poll", {"device_code": "x"})["status"] == 404
    assert complete(app, asked)["status"] == 404


@pytest.mark.parametrize("path", ["", "/poll", "/complete", "/x"])
@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 10_000, '{"device_code": 5, "process": 5}'])
def test_body_that_is_none_is_refused(app, path, body):
    answer = app.post(DEVICE + path, body)

    assert (answer["status"], codes(answer)) == (400, ["invalid_request"])


def test_too_many_requests_are_refused(app, provider):
    provider["RATE_LIMITS"] = {"device": "1/m/ip"}
    ask(app)

    answer = app.post(DEVICE, {})

    assert (answer["status"], codes(answer)) == (429, ["rate_limited"])


def test_the_document_says_what_the_endpoints_answer(app, other, wallet, provider):
    on_phone = f"{DEVICE}/{{device}}"
    check_documented(DEVICE, app.post(DEVICE, {"process": "connect"}))
    check_documented(DEVICE, app.post(DEVICE, {"process": 5}))
    check_documented(DEVICE, app.post(DEVICE, {}))
    asked = ask(app)
    path = f"{DEVICE}/{asked['device']}"
    check_documented(on_phone, other.call("GET", path, None), "get")
    check_documented(on_phone, other.call("GET", f"{DEVICE}/x", None), "get")
    wrong = {**asked, "process": "device", "number": "0"}
    check_documented("provider/moralis/challenge", other.ask(wallet, **wrong))
    check_documented(f"{DEVICE}/complete", complete(app, asked))
    check_documented(on_phone, sign(other, asked, wallet))
    check_documented(f"{DEVICE}/poll", app.post(f"{DEVICE}/poll", asked))
    check_documented(f"{DEVICE}/poll", app.post(f"{DEVICE}/poll", {}))
    check_documented(f"{DEVICE}/complete", complete(app, asked))
    provider["RATE_LIMITS"] = {"device": "1/m/ip"}
    app.post(DEVICE, {})
    check_documented(DEVICE, app.post(DEVICE, {}))
    provider["CROSS_DEVICE"] = False
    check_documented(DEVICE, app.post(DEVICE, {}))
