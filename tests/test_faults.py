"""The site under each fault of the service: the documented code, in time, and nobody gets in."""

import logging
import time

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.backends import get_backend
from allauth_moralis.emulator import NAMES
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db

REJECTED = (502, "upstream_rejected")
UNAVAILABLE = (503, "upstream_unavailable")
MISCONFIGURED = (503, "misconfigured")

COMMON = {
    "missing_key": MISCONFIGURED,
    "wrong_key": MISCONFIGURED,
    "forbidden": MISCONFIGURED,
    "plan_used_up": UNAVAILABLE,
    "bad_request_list": REJECTED,
    "not_found": REJECTED,
    "rate_limited": UNAVAILABLE,
    "rate_limited_retry_after": UNAVAILABLE,
    "server_error": UNAVAILABLE,
    "bad_gateway_html": UNAVAILABLE,
    "html_ok": REJECTED,
    "truncated_json": REJECTED,
    "cut_off": UNAVAILABLE,
    "empty_body": REJECTED,
    "huge_body": REJECTED,
    "deep_json": REJECTED,
    "json_list": REJECTED,
    "redirect": REJECTED,
    "missing_keys": REJECTED,
    "hang": UNAVAILABLE,
    "slow_headers": UNAVAILABLE,
    "slow_drip": UNAVAILABLE,
    "closed_connection": UNAVAILABLE,
}
OF_A_REQUEST = {
    **COMMON,
    "wrong_profile": REJECTED,
    "wrong_text_domain": REJECTED,
    "wrong_text_address": REJECTED,
    "wrong_text_statement": REJECTED,
    "wrong_text_nonce": REJECTED,
    "old_issue_time": REJECTED,
}
OF_A_VERIFICATION = {
    **COMMON,
    "wrong_id": REJECTED,
    "wrong_address": REJECTED,
    "wrong_nonce": REJECTED,
    "wrong_domain": REJECTED,
    "wrong_uri": REJECTED,
    "wrong_chain": REJECTED,
    "wrong_profile": REJECTED,
}
#: A request whose connection fails is tried once more; a verification never.
TRIED_TWICE = {"closed_connection"}
BOUND = 4  # seconds; time-outs of 0.5 and 0.6 s add up to less, even where a request is repeated


@pytest.fixture(autouse=True)
def _short_time_outs(provider, moralis) -> None:
    provider["TIMEOUT"] = (0.5, 0.6)


def test_every_fault_is_tried():
    assert set(OF_A_REQUEST) | set(OF_A_VERIFICATION) == set(NAMES)


@pytest.mark.parametrize(("fault", "expected"), OF_A_REQUEST.items(), ids=OF_A_REQUEST)
def test_a_challenge(client, wallet, moralis, caplog, fault, expected):
    caplog.set_level(logging.DEBUG)
    started = time.monotonic()

    with moralis.fault(fault):
        response = request_challenge(client, wallet)

    assert time.monotonic() - started < BOUND
    assert (response.status_code, json_code(response)) == expected
    assert len(moralis.requests) == (2 if fault in TRIED_TWICE else 1)
    assert "key-that-must" not in caplog.text + response.content.decode()
    assert not client.session.get("allauth_moralis")


@pytest.mark.parametrize(("fault", "expected"), OF_A_VERIFICATION.items(), ids=OF_A_VERIFICATION)
def test_an_answer(client, wallet, moralis, caplog, fault, expected):
    caplog.set_level(logging.DEBUG)
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    started = time.monotonic()

    with moralis.fault(fault):
        response = answer(client, challenge, signature)

    assert time.monotonic() - started < BOUND
    assert (response.status_code, page_code(response)) == expected
    assert list(moralis.requests) == ["POST /challenge/request/evm", "POST /challenge/verify/evm"]
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    page = response.content.decode()
    for secret in ("key-that-must", signature, signature[2:]):
        assert secret not in caplog.text + page
    # Told the same again, and not judged again.
    assert page_code(answer(client, challenge, signature)) == expected[1]
    assert len(moralis.requests) == 2


def test_a_service_that_says_yes_to_anything(client, wallet, other_wallet, moralis):
    moralis.service.behaviour = type(moralis.service.behaviour)(checks_signatures=False)
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, other_wallet.sign(message))

    assert page_code(response) == "signature_invalid"
    assert list(moralis.requests) == ["POST /challenge/request/evm"]
    assert user_of(client) is None


@pytest.mark.parametrize(
    "behaviour",
    [
        {"single_use": False},
        {"domain_rule": "fqdn"},
        {"verify_chain_id": "string"},
        {"validator": "0.13"},
    ],
    ids=str,
)
def test_whatever_is_not_known_of_the_service(client, wallet, moralis, provider, behaviour):
    """A site with a port in its domain signs people in with every setting of it."""
    moralis.service.behaviour = type(moralis.service.behaviour)(**behaviour)
    provider["DOMAIN"] = "example.com:8443"

    assert sign_in(client, wallet).status_code == 302
    client.logout()
    assert sign_in(client, wallet, chain_id=424242).status_code == 302


def test_after_the_fault_everything_works_again(client, wallet, moralis):
    for fault in ("hang", "cut_off"):
        with moralis.fault(fault):
            assert request_challenge(client, wallet).status_code == 503

    assert sign_in(client, wallet).status_code == 302
    assert get_backend().available
