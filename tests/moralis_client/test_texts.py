"""Which texts of the Moralis Auth API are taken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from allauth_moralis.exceptions import (
    UpstreamRejected,
)
from allauth_moralis.siwx.wallets import EVM, Wallet

from .common import MALFORMED, REQUEST, request, request_answer, text, without

OTHER_SIGN_INS: dict[str, dict] = {
    "domain": {"domain": "evil.example"},
    "subdomain_of_another": {"domain": "localhost.evil.example"},
    "port": {"domain": "localhost:8000"},
    "address": {"wallet": Wallet(EVM, "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1")},
    "address_in_lower_case": {"wallet": None},
    "statement": {"statement": "Transfer everything"},
    "no_statement": {"statement": None},
    "uri": {"uri": "https://evil.example/"},
    "chain": {"chain_id": 137},
    "expiration_time": {"expiration_time": "2999-01-01T00:00:00.000Z"},
    "no_expiration_time": {"expiration_time": None},
    "not_before": {"not_before": "2999-01-01T00:00:00.000Z"},
    "resources": {"resources": ("https://evil.example/",)},
}


# --- A text that is not the one that was asked for -----------------------------------------------


@pytest.mark.parametrize("changes", OTHER_SIGN_INS.values(), ids=OTHER_SIGN_INS)
def test_text_with_other_field_is_refused(service, fields, changes):
    if changes == {"wallet": None}:
        changes = {"wallet": Wallet(EVM, fields.wallet.address.lower())}
    answer = request_answer(fields, message=text(replace(fields, **changes)))
    service.post(REQUEST, json=answer, status=201)

    with pytest.raises(UpstreamRejected, match="not the one that was asked for"):
        request(fields)


OTHER_TEXTS: dict[str, Callable[[str], str]] = {
    "other_version": lambda text: text.replace("Version: 1\n", "Version: 2\n"),
    "line_added": lambda text: text + "\nRequest ID: 1",
    "line_before": lambda text: "Sign this:\n" + text,
    "line_in_the_middle": lambda text: text.replace("\nURI:", "\nand more\n\nURI:"),
    "trailing_newline": lambda text: text + "\n",
    "trailing_space": lambda text: text + " ",
    "second_nonce": lambda text: text.replace("Nonce: ", "Nonce: aaaaaaaa\nNonce: "),
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "scheme": lambda text: "https://" + text,
    "look_alike": lambda text: text.replace("localhost", "l\u043ecalhost", 1),
    "nul": lambda text: text + "\0",
    "other_network": lambda text: text.replace("Ethereum", "Solana"),
    "only_a_word": lambda text: "Unauthorized",
}


@pytest.mark.parametrize("change", OTHER_TEXTS.values(), ids=OTHER_TEXTS)
def test_text_that_says_anything_else_is_refused(service, fields, change):
    service.post(REQUEST, json=request_answer(fields, message=change(text(fields))), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)


@pytest.mark.parametrize(
    "nonce",
    ["", "seven77", "x" * 97, "with-dash", "with space", "abcdefgh\u0661"],
    ids=["empty", "short", "long", "dash", "space", "not_ascii"],
)
def test_nonce_that_is_none_is_refused(service, fields, nonce):
    service.post(
        REQUEST, json=request_answer(fields, message=text(fields, nonce=nonce)), status=201
    )

    with pytest.raises(UpstreamRejected):
        request(fields)


def test_shortest_nonce_passes(service, fields):
    service.post(
        REQUEST, json=request_answer(fields, message=text(fields, nonce="eight888")), status=201
    )

    assert request(fields).nonce == "eight888"


ISSUE_TIMES = {
    "long_ago": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    "in_the_future": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    "first_of_all_times": "0001-01-01T00:00:00.000+23:59",
    "last_of_all_times": "9999-12-31T23:59:59.999-23:59",
    "without_zone": datetime.now(UTC).replace(tzinfo=None).isoformat(),
    "no_such_day": "2026-02-31T00:00:00.000Z",
    "dots": "....................",
    "words": "the day before yesterday",
    "empty": "",
}


@pytest.mark.parametrize("issued_at", ISSUE_TIMES.values(), ids=ISSUE_TIMES)
def test_time_of_issue_that_is_not_now_is_refused(service, fields, issued_at):
    answer = request_answer(fields, message=text(fields, issued_at=issued_at))
    service.post(REQUEST, json=answer, status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)


WRONG_TYPES: list[object] = [None, 17, True, 1.5, [], {}, ["FBQpoJMHHmdm4F7Fv"], ""]


# --- Fields of the answer to a request -----------------------------------------------------------


@pytest.mark.parametrize("key", ["id", "message", "profileId"])
def test_request_without_required_field_is_refused(service, fields, key):
    service.post(REQUEST, json=without(request_answer(fields), key), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)


@pytest.mark.parametrize("key", ["id", "message", "profileId"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
def test_request_with_field_of_wrong_type_is_refused(service, fields, key, value):
    service.post(REQUEST, json=request_answer(fields, **{key: value}), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)


@pytest.mark.parametrize(("key", "value"), MALFORMED)
def test_request_with_malformed_field_is_refused(service, fields, key, value):
    service.post(REQUEST, json=request_answer(fields, **{key: value}), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)
