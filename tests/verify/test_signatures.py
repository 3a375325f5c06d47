"""Which answers to a challenge are taken."""

import json
import logging

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import answer, obtain_challenge, sign_in

from ..ceremony import page_code, search, user_of

pytestmark = pytest.mark.django_db

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GARBAGE = {
    "not hex": lambda s: "0x" + "zz" * 65,
    "half a byte": lambda s: s[:-1],
    "EIP-2098 with the wrong parity": lambda s: (
        f"{s[:66]}{int(s[66], 16) | (0 if s.endswith('1c') else 8):x}{s[67:130]}"
    ),
    "space within": lambda s: s[:66] + " " + s[66:],
    "NUL": lambda s: s[:-1] + "\x00",
    "other digits": lambda s: "0x" + "１" * 130,
    "v of 2": lambda s: s[:-2] + "02",
    "v of 29": lambda s: s[:-2] + "1d",
    "v of 255": lambda s: s[:-2] + "ff",
    "r of zero": lambda s: "0x" + "00" * 32 + s[66:],
    "s of zero": lambda s: s[:66] + "00" * 32 + s[130:],
    "r and s of zero": lambda s: "0x" + "00" * 64 + s[130:],
    "s of the order": lambda s: s[:66] + f"{ORDER:064x}" + s[130:],
    "all ff": lambda s: "0x" + "ff" * 65,
    "JSON": lambda s: '{"r": 1}',
    "markup": lambda s: "<script>alert(1)</script>",
}


@pytest.mark.parametrize("garble", GARBAGE.values(), ids=GARBAGE)
def test_signatures_that_are_none(client, wallet, backend, garble):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, garble(wallet.sign(message)))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    text = response.content.decode()
    assert "Error" not in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("v", [0, 1, 27, 28])
def test_recovery_ids_of_every_wallet(client, wallet, v):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    if int(signature[-2:], 16) % 27 != v % 27:
        # The twin of the signature, with the other s, has the other recovery id.
        s = ORDER - int(signature[66:130], 16)
        signature = signature[:66] + f"{s:064x}" + signature[130:]

    response = answer(client, challenge, signature[:-2] + f"{v:02x}")

    assert response.status_code == 302


def test_the_twin_of_a_used_signature(client, wallet):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    answer(client, challenge, signature)
    client.logout()
    s = ORDER - int(signature[66:130], 16)
    twin = f"{signature[:66]}{s:064x}{55 - int(signature[-2:], 16):02x}"

    assert page_code(answer(client, challenge, twin)) == "challenge_missing"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"challenge": "x"},
        {"signature": "0x00"},
        {"challenge": "", "signature": ""},
        {"challenge": "x" * 5000, "signature": "0x00"},
        {"challenge": "x", "signature": "0" * 16_385},
        {"challenge": "x", "signature": " \n "},
        {"challenge": "x", "signature": "0x", "full_message": "x" * 5000},
    ],
)
def test_fields_that_are_missing_or_too_long(client, data):
    response = client.post(reverse("moralis_verify"), data)

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("handle", ["x", "\x00", "💥", "../..", "__proto__", "challenge"])
def test_a_handle_that_was_never_given(client, handle):
    response = answer(client, handle, "0x00")

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")


@pytest.mark.parametrize("size", [20 * 1024 + 1, 1_000_000, 10_000_000])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_form_that_is_too_large(client, size, content_type):
    response = client.generic(
        "POST", reverse("moralis_verify"), "a" * size, content_type=content_type
    )

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


def test_a_body_that_is_no_form(client):
    response = client.post(reverse("moralis_verify"), "{}", content_type="application/json")

    assert page_code(response) == "invalid_request"


def test_a_form_in_parts_is_a_form(client, wallet):
    """As the test client posts by default; a page's own form is URL-encoded."""
    challenge, message = obtain_challenge(client, wallet)
    response = client.post(
        reverse("moralis_verify"),
        f"challenge={challenge}&signature={wallet.sign(message)}",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 302


def test_the_way_to_try_again_keeps_purpose_and_next(client, wallet, other_wallet):
    sign_in(client, wallet)
    challenge, _ = obtain_challenge(client, other_wallet, process="connect", next="/there/")

    page = answer(client, challenge, "0x00").content.decode()

    assert '"process": "connect"' in page
    assert '"next": "/there/"' in page
    assert "Link a wallet" in page


@pytest.mark.parametrize("next_url", ["http://[::1", "//evil.example", "/elsewhere/"])
def test_a_next_in_the_answer_itself_counts_for_nothing(client, wallet, next_url):
    challenge, message = obtain_challenge(client, wallet)

    response = client.post(
        reverse("moralis_verify") + "?next=" + next_url,
        {"challenge": challenge, "signature": wallet.sign(message), "next": next_url},
    )

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")


def test_starting_again_in_the_redirect_flow_keeps_its_end(client, wallet, other_wallet):
    """Else a front end would not be told that the wallet belongs to somebody else."""
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)
    started = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "callback_url": "/app/callback", "process": "connect"},
    )
    state = started["Location"].partition("state=")[2]
    challenge, _ = obtain_challenge(client, other_wallet, state=state)

    page = answer(client, challenge, "0x00").content.decode()
    asked = json.loads(search(r'id="moralis-page"[^>]*>(.*?)</script>', page)[1])["fields"]
    response = sign_in(client, other_wallet, **asked)

    assert asked == {"state": state}
    assert response["Location"].startswith("/app/callback?error=connected_other")


def test_starting_again_without_a_challenge_keeps_what_the_page_was_for(client, wallet):
    """Else a person who links a wallet would find themselves in a new account."""
    sign_in(client, wallet)

    page = answer(client, "x", "0x00", process="connect", next="/there/").content.decode()

    assert '"fields": {"process": "connect", "next": "/there/"}' in page
    assert "Link a wallet" in page


@pytest.mark.parametrize(
    ("process", "next_url"), [("nonsense", "//evil.example"), ("", "javascript:alert(1)")]
)
def test_what_the_page_was_for_is_not_believed(client, process, next_url):
    page = answer(client, "x", "0x00", process=process, next=next_url).content.decode()

    assert '"fields": {"process": "login", "next": ""}' in page


@pytest.mark.parametrize(
    "spoil", [{"signature": ""}, {"signature": "0" * 16_385}], ids=["missing", "too long"]
)
def test_with_the_session_put_back_any_attempt_counts(client, wallet, spoil):
    """As where it lives in a cookie: the claim is what remembers."""
    challenge, message = obtain_challenge(client, wallet)
    before = client.session["allauth_moralis"]
    answer(client, challenge, **spoil)
    session = client.session
    session["allauth_moralis"] = before
    session.save()

    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"


def test_too_many_answers(client, wallet, provider):
    provider["RATE_LIMITS"] = {"verify": "1/m/ip"}
    challenge, message = obtain_challenge(client, wallet)
    answer(client, "x", "0x00")

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (429, "rate_limited")
    assert response["Retry-After"] == "60"
    assert user_of(client) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "upstream_unavailable"), (502, "upstream_rejected"), (503, "misconfigured")],
)
def test_an_upstream_failure_uses_the_challenge_up(client, wallet, moralis, status, code):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    handle = moralis.service.handle
    bodies = {
        "upstream_unavailable": (500, {}),
        "upstream_rejected": (201, {}),
        "misconfigured": (401, {"message": "Unauthorized"}),
    }
    type(moralis.service).handle = lambda *_: bodies[code]
    try:
        response = answer(client, challenge, signature)
    finally:
        type(moralis.service).handle = handle.__func__

    assert (response.status_code, page_code(response)) == (status, code)
    assert page_code(answer(client, challenge, signature)) == code  # and the service is not asked
    assert user_of(client) is None


def test_a_wrong_key_is_an_error_in_the_log_and_never_the_key(client, wallet, moralis, caplog):
    challenge, message = obtain_challenge(client, wallet)
    moralis.service.api_key = "another"

    response = answer(client, challenge, wallet.sign(message))

    assert page_code(response) == "misconfigured"
    records = [r for r in caplog.records if r.name == "allauth_moralis"]
    assert [r.levelno for r in records] == [logging.INFO, logging.ERROR]
    assert "misconfigured" in records[1].getMessage()
    assert "key-that-must" not in caplog.text + response.content.decode()


def test_a_service_that_allows_a_second_use(client, wallet, moralis, provider):
    """We do not."""
    moralis.service.behaviour = type(moralis.service.behaviour)(single_use=False)
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    assert answer(client, challenge, signature).status_code == 302
    client.logout()

    assert page_code(answer(client, challenge, signature)) == "challenge_missing"


def test_a_challenge_of_another_backend(client, wallet, moralis, provider):
    """The site's settings changed between question and answer."""
    challenge, message = obtain_challenge(client, wallet)
    provider["API_KEY"] = ""

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")


def test_exactly_two_upstream_calls_for_a_login_and_none_for_a_wrong_signature(
    client, wallet, other_wallet, moralis
):
    challenge, message = obtain_challenge(client, wallet)
    answer(client, challenge, other_wallet.sign(message))
    assert list(moralis.requests) == ["POST /challenge/request/evm"]

    sign_in(client, wallet)

    assert list(moralis.requests)[1:] == [
        "POST /challenge/request/evm",
        "POST /challenge/verify/evm",
    ]


def test_a_service_that_is_gone_between_question_and_answer(client, wallet, provider):
    with Emulator() as emulator:
        provider.update(API_KEY="key", BASE_URL=emulator.url)
        challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (503, "upstream_unavailable")
