"""The client of the Moralis Auth API: each way in which an answer can be wrong, and its code."""

import gzip
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests
import responses
from django.test import Client
from django.views.debug import ExceptionReporter

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.backends.moralis.auth_api import MAX_ANSWER
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.emulator import AuthService, Behaviour, Emulator
from allauth_moralis.exceptions import (
    ChallengeExpired,
    Misconfigured,
    SignatureInvalid,
    UnsupportedChain,
    UnsupportedNetwork,
    UpstreamRejected,
    UpstreamUnavailable,
    WalletError,
)
from allauth_moralis.siwx.record import extra_data
from allauth_moralis.siwx.text import render, timestamp
from allauth_moralis.siwx.wallets import EVM, SOLANA, Challenge, Proof, SignIn, Wallet

from .accounts import EvmAccount
from .ceremony import sign_in
from .conftest import API_KEY

BASE = "https://moralis.test"
REQUEST = f"{BASE}/challenge/request/evm"
VERIFY = f"{BASE}/challenge/verify/evm"
CALLS_OF_A_LOGIN = ["POST /challenge/request/evm", "POST /challenge/verify/evm"]
PROFILE = "0x" + "5b" * 32
SECRET = "signature-that-must-not-be-seen-anywhere"


@pytest.fixture
def service(provider: dict) -> Iterator[responses.RequestsMock]:
    """Moralis as each test would have it; a call that was not foreseen is a connection error."""
    provider.update(API_KEY=API_KEY, BASE_URL=BASE)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def asked(account: EvmAccount) -> SignIn:
    return SignIn(
        wallet=Wallet.parse(EVM, account.address),
        domain="localhost",
        uri="http://localhost/",
        chain_id=1,
        statement="Sign in to localhost",
        expiration_time=timestamp(datetime.now(UTC) + timedelta(seconds=120)),
    )


@pytest.fixture
def challenge(asked: SignIn) -> Challenge:
    return issued(asked)


@pytest.fixture
def proof(account: EvmAccount, challenge: Challenge) -> Proof:
    return Proof(signature=account.sign(challenge.message))


def issued(asked: SignIn) -> Challenge:
    """A challenge as the service would have made it a moment ago."""
    return replace(LocalBackend().request_challenge(asked), profile_id=PROFILE, issued_by="moralis")


def request(asked: SignIn) -> Challenge:
    return MoralisBackend().request_challenge(asked)


def text(asked: SignIn, *, nonce: str = "rhB7VY6zuNlwTu4KM", issued_at: str | None = None) -> str:
    now = timestamp(datetime.now(UTC))
    return render(asked, nonce=nonce, issued_at=now if issued_at is None else issued_at)


def request_answer(asked: SignIn, **changes: object) -> dict:
    return {"id": "FBQpoJMHHmdm4F7Fv", "message": text(asked), "profileId": PROFILE, **changes}


def verify_answer(challenge: Challenge, **changes: object) -> dict:
    """The service's "yes", in the order of its recordings."""
    asked = challenge.asked
    answer = {
        "id": challenge.id,
        "domain": asked.domain,
        "chainId": asked.chain_id,
        "address": asked.wallet.address,
        "statement": asked.statement,
        "uri": asked.uri,
        "expirationTime": asked.expiration_time,
        "version": "1",
        "nonce": challenge.nonce,
        "profileId": PROFILE,
    }
    return {**answer, **changes}


def without(answer: dict, key: str) -> dict:
    return {name: value for name, value in answer.items() if name != key}


# --- What is sent ----------------------------------------------------------------------------


def test_request_sends_what_the_contract_asks_for(service, account, asked, provider):
    provider["CHALLENGE_TTL"] = 90
    asked = replace(asked, chain_id=137, wallet=Wallet.parse(EVM, account.address.lower()))
    service.post(REQUEST, json=request_answer(asked), status=201)

    request(asked)

    sent = service.calls[0].request
    assert sent.headers["X-API-Key"] == API_KEY
    assert sent.headers["Content-Type"] == "application/json"
    body = json.loads(sent.body)
    assert body == {
        "domain": "localhost",
        "chainId": "137",
        "address": account.address,
        "uri": "http://localhost/",
        "timeout": 90,
        "statement": "Sign in to localhost",
        "expirationTime": asked.expiration_time,
    }
    assert isinstance(body["timeout"], int)


def test_request_leaves_out_what_was_not_asked(service, asked):
    asked = replace(asked, statement=None, expiration_time=None)
    service.post(REQUEST, json=request_answer(asked), status=201)

    request(asked)

    assert set(json.loads(service.calls[0].request.body)) == {
        *("domain", "chainId", "address", "uri", "timeout")
    }


def test_verify_sends_the_kept_text_and_the_signature_alone(service, challenge, proof):
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    MoralisBackend().verify(challenge, proof)

    sent = service.calls[0].request
    assert sent.headers["X-API-Key"] == API_KEY
    assert json.loads(sent.body) == {"message": challenge.message, "signature": proof.signature}


# --- A challenge that is taken ---------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_request_takes_both_statuses_of_success(service, asked, status):
    answer = request_answer(asked, more="of whatever")
    service.post(REQUEST, json=answer, status=status)

    challenge = request(asked)

    assert challenge == Challenge(
        asked=asked,
        nonce="rhB7VY6zuNlwTu4KM",
        issued_at=challenge.issued_at,
        message=answer["message"],
        id="FBQpoJMHHmdm4F7Fv",
        profile_id=PROFILE,
        issued_by="moralis",
    )
    assert f"Issued At: {challenge.issued_at}\n" in challenge.message


@pytest.mark.parametrize("seconds", [-10, 10])
def test_a_few_seconds_of_skew_pass(service, asked, seconds):
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    answer = request_answer(asked, message=text(asked, issued_at=timestamp(moment)))
    service.post(REQUEST, json=answer, status=201)

    assert request(asked).issued_at == timestamp(moment)


def test_time_of_issue_in_another_zone_passes(service, asked):
    moment = datetime.now(timezone(timedelta(hours=5, minutes=30))).isoformat()
    answer = request_answer(asked, message=text(asked, issued_at=moment))
    service.post(REQUEST, json=answer, status=201)

    assert request(asked).issued_at == moment


def test_answer_at_the_cap_passes(service, asked):
    body = json.dumps(request_answer(asked)).encode().ljust(MAX_ANSWER)
    service.post(REQUEST, body=body, status=201)

    assert request(asked).asked == asked


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"statement": None},
        {"expiration_time": None},
        {"chain_id": 11155111},
        {"not_before": "2020-01-01T00:00:00.000Z"},
        {"resources": ("https://docs.moralis.io/", "https://example.com/terms")},
    ],
    ids=["usual", "no_statement", "no_expiration", "chain", "not_before", "resources"],
)
def test_round_trip_with_the_emulator(moralis, account, asked, changes):
    asked = replace(asked, **changes)
    backend = MoralisBackend()

    challenge = backend.request_challenge(asked)
    verified = backend.verify(challenge, Proof(signature=account.sign(challenge.message)))

    assert challenge.asked == asked
    assert verified.challenge == challenge
    assert verified.verified_by == "moralis"
    assert verified.profile_id == challenge.profile_id
    assert abs(verified.verified_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(moralis.requests) == CALLS_OF_A_LOGIN


# --- A text that is not the one that was asked for -------------------------------------------

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


@pytest.mark.parametrize("changes", OTHER_SIGN_INS.values(), ids=OTHER_SIGN_INS)
def test_text_with_other_field_is_refused(service, asked, changes):
    if changes == {"wallet": None}:
        changes = {"wallet": Wallet(EVM, asked.wallet.address.lower())}
    answer = request_answer(asked, message=text(replace(asked, **changes)))
    service.post(REQUEST, json=answer, status=201)

    with pytest.raises(UpstreamRejected, match="not the one that was asked for"):
        request(asked)


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
def test_text_that_says_anything_else_is_refused(service, asked, change):
    service.post(REQUEST, json=request_answer(asked, message=change(text(asked))), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


@pytest.mark.parametrize(
    "nonce",
    ["", "seven77", "x" * 97, "with-dash", "with space", "abcdefgh\u0661"],
    ids=["empty", "short", "long", "dash", "space", "not_ascii"],
)
def test_nonce_that_is_none_is_refused(service, asked, nonce):
    service.post(REQUEST, json=request_answer(asked, message=text(asked, nonce=nonce)), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


def test_shortest_nonce_passes(service, asked):
    service.post(
        REQUEST, json=request_answer(asked, message=text(asked, nonce="eight888")), status=201
    )

    assert request(asked).nonce == "eight888"


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
def test_time_of_issue_that_is_not_now_is_refused(service, asked, issued_at):
    answer = request_answer(asked, message=text(asked, issued_at=issued_at))
    service.post(REQUEST, json=answer, status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


# --- Fields of the answer to a request -------------------------------------------------------

WRONG_TYPES = [None, 17, True, 1.5, [], {}, ["FBQpoJMHHmdm4F7Fv"], ""]


@pytest.mark.parametrize("key", ["id", "message", "profileId"])
def test_request_without_required_field_is_refused(service, asked, key):
    service.post(REQUEST, json=without(request_answer(asked), key), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


@pytest.mark.parametrize("key", ["id", "message", "profileId"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
def test_request_with_field_of_wrong_type_is_refused(service, asked, key, value):
    service.post(REQUEST, json=request_answer(asked, **{key: value}), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


MALFORMED = [
    ("id", "seven77"),
    ("id", "x" * 65),
    ("id", "with-dash-in-it"),
    ("id", "FBQpoJMHHmdm4F7Fv\n"),
    ("id", "FBQpoJMHHmdm4F7F\u00e9"),
    ("message", "x" * 5000),
    ("message", "\ud800"),
    ("profileId", "5b" * 32),
    ("profileId", PROFILE[:-1]),
    ("profileId", PROFILE + "0"),
    ("profileId", PROFILE[:-1] + "g"),
    ("profileId", PROFILE + "\n"),
]


@pytest.mark.parametrize(("key", "value"), MALFORMED)
def test_request_with_malformed_field_is_refused(service, asked, key, value):
    service.post(REQUEST, json=request_answer(asked, **{key: value}), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


# --- Answers that are none, to either question -----------------------------------------------

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
NO_ANSWERS = {
    "html": HTML,
    "empty": "",
    "truncated": '{"id": "FBQpoJMHHmdm4F7Fv", "mess',
    "deep": "[" * 30_000,
    "deep_object": '{"a":' * 10_000,
    "list": '[{"id": "FBQpoJMHHmdm4F7Fv"}]',
    "string": '"Unauthorized"',
    "number": "1",
    "huge_number": "1" * 10_000,
    "null": "null",
    "two_objects": "{}{}",
    "not_utf8": b'{"id": "\xff\xfe"}',
    "compressed": gzip.compress(b"{}"),
    "one_byte_too_many": "{}".ljust(MAX_ANSWER + 1),
    "many_megabytes": b" " * (8 * 1024 * 1024),
}


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_request_answered_with_no_object_is_refused(service, asked, body, status):
    service.post(REQUEST, body=body, status=status)

    with pytest.raises(UpstreamRejected):
        request(asked)


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_verify_answered_with_no_object_is_refused(service, challenge, proof, body):
    service.post(VERIFY, body=body, status=201)

    with pytest.raises(UpstreamRejected):
        MoralisBackend().verify(challenge, proof)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_refused_and_not_followed(service, asked, status):
    elsewhere = "https://evil.example/"
    service.post(REQUEST, status=status, headers={"Location": elsewhere})
    for method in ("GET", "POST"):
        service.add(method, elsewhere, json=request_answer(asked), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)

    assert [call.request.url for call in service.calls] == [REQUEST]


UNAUTHORIZED = {"message": "Unauthorized"}
QUOTA = [
    "Validation service blocked: Your plan: free-plan-daily total included usage has been "
    "consumed, please upgrade your plan here, https://moralis.io/pricing",
    "SUPPORT BLOCKED: Please contact support@moralis.io",
    "Validation service blocked: You have unpaid invoices",
]
#: Status, body and error, whichever of the two questions was asked.
STATUSES: dict[str, tuple[int, object, type[WalletError]]] = {
    "no_content": (204, "", UpstreamRejected),
    "other_success": (202, {}, UpstreamRejected),
    "not_found": (404, {"statusCode": 404, "message": "Cannot POST"}, UpstreamRejected),
    "gone": (410, "", UpstreamRejected),
    "too_large": (413, "", UpstreamRejected),
    "wrong_key": (401, UNAUTHORIZED, Misconfigured),
    "no_key": (401, {"message": "Api Key Not Present"}, Misconfigured),
    "401_html": (401, HTML, Misconfigured),
    "401_list": (401, [], Misconfigured),
    "forbidden": (403, {"message": "Forbidden"}, Misconfigured),
    "quota_of_the_plan": (401, {"message": QUOTA[0]}, UpstreamUnavailable),
    "support_blocked": (401, {"message": QUOTA[1]}, UpstreamUnavailable),
    "unpaid": (401, {"message": [QUOTA[2]]}, UpstreamUnavailable),
    "quota_403": (403, {"message": QUOTA[0]}, UpstreamUnavailable),
    "rate_limit": (429, {"message": "Rate Limit exceeded"}, UpstreamUnavailable),
    "500": (500, {"statusCode": 500, "message": "Internal server error"}, UpstreamUnavailable),
    "502_html": (502, HTML, UpstreamUnavailable),
    "503": (503, "", UpstreamUnavailable),
    "504": (504, "", UpstreamUnavailable),
    "400_not_json": (400, HTML, UpstreamRejected),
    "400_empty": (400, "", UpstreamRejected),
    "400_list": (400, ["Invalid"], UpstreamRejected),
    "400_without_message": (400, {}, UpstreamRejected),
    "400_with_number": (400, {"message": 5}, UpstreamRejected),
    "400_with_numbers": (400, {"message": [5, None, {}]}, UpstreamRejected),
    "400_other_string": (400, {"message": "Something else"}, UpstreamRejected),
    "400_other_list": (400, {"message": ["uri must be a URL address"]}, UpstreamRejected),
    "400_too_large": (400, '{"message": "' + "x" * MAX_ANSWER + '"}', UpstreamRejected),
}


def post(service: responses.RequestsMock, url: str, status: int, body: object) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)
    service.post(url, body=raw, status=status)


@pytest.mark.parametrize(("status", "body", "error"), STATUSES.values(), ids=STATUSES)
def test_request_answered_with_status(service, asked, status, body, error):
    post(service, REQUEST, status, body)

    with pytest.raises(error):
        request(asked)

    assert len(service.calls) == 1


@pytest.mark.parametrize(("status", "body", "error"), STATUSES.values(), ids=STATUSES)
def test_verify_answered_with_status(service, challenge, proof, status, body, error):
    post(service, VERIFY, status, body)

    with pytest.raises(error):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


CHAIN_ENUM = "chainId must be one of the following values: 1, 5, 10"
REQUEST_REASONS: dict[str, tuple[object, type[WalletError]]] = {
    "network": (["network must be a valid enum value"], UnsupportedNetwork),
    "address": (["address must be an Ethereum address"], UpstreamRejected),
    "timeout": ("timeout must not be greater than 120", UpstreamRejected),
    "domain": (["domain must be a valid domain name"], UpstreamRejected),
    # Words that the visitor's own input could have brought into the sentence.
    "chain_elsewhere": ("statement must not contain chainId", UpstreamRejected),
}


@pytest.mark.parametrize(("message", "error"), REQUEST_REASONS.values(), ids=REQUEST_REASONS)
def test_request_answered_with_400(service, asked, message, error):
    body = {"statusCode": 400, "name": "BadRequestException", "message": message}
    post(service, REQUEST, 400, body)

    with pytest.raises(error):
        request(asked)

    assert len(service.calls) == 1


CHAIN_REASONS: dict[str, object] = {
    "in_list": [CHAIN_ENUM],
    "in_string": "chainId must be a valid enum value",
    "among_others": ["uri must be a URL address", CHAIN_ENUM],
    "beside_the_port": ["domain must be a valid domain name", CHAIN_ENUM],
}


@pytest.mark.parametrize("message", CHAIN_REASONS.values(), ids=CHAIN_REASONS)
def test_chain_that_is_refused_is_judged_here(service, account, asked, caplog, message):
    asked = replace(asked, domain="localhost:8000", chain_id=42161)
    post(service, REQUEST, 400, {"message": message})
    backend = MoralisBackend()

    challenge = backend.request_challenge(asked)
    verified = backend.verify(challenge, Proof(signature=account.sign(challenge.message)))

    assert (challenge.asked, challenge.issued_by) == (asked, "moralis")
    assert (verified.verified_by, verified.profile_id) == ("local", None)
    assert len(service.calls) == 1
    assert "chain 42161" in caplog.text
    with pytest.raises(SignatureInvalid):
        backend.verify(challenge, Proof(signature=account.sign("another text")))


@pytest.mark.parametrize(
    ("reason", "error"),
    [("chainId must be 1", UnsupportedChain), ("network must be mainnet", UnsupportedNetwork)],
)
def test_refusal_says_that_the_service_refuses(service, reason, error):
    asked = SignIn(wallet=Wallet(SOLANA, "1" * 32), domain="a.example", uri="https://a.example/")
    post(service, REQUEST.replace("evm", "solana"), 400, {"message": [reason]})

    with pytest.raises(error) as caught:
        request(asked)

    assert caught.value.code == error.code
    assert "by the verification service" in str(caught.value.message)
    assert caught.value.message != error.message


VERIFY_REASONS: dict[str, tuple[object, type[WalletError]]] = {
    "invalid_signature": ("Invalid Signature", SignatureInvalid),
    "signature_of_siwe": ("Signature does not match address of the message.", SignatureInvalid),
    "signature_in_list": (["signature must be a valid hex string"], SignatureInvalid),
    "expired_of_siwe": ("Expired message.", ChallengeExpired),
    "expired_of_the_service": ("authentication error: message expired", ChallengeExpired),
    "unknown_challenge": ("Challenge not found", UpstreamRejected),
    "not_yet_valid": ("Message is not valid yet.", UpstreamRejected),
    "no_message": (["message must be present"], UpstreamRejected),
}


@pytest.mark.parametrize(("message", "error"), VERIFY_REASONS.values(), ids=VERIFY_REASONS)
def test_verify_answered_with_400(service, challenge, proof, message, error):
    body = {"statusCode": 400, "name": "BadRequestException", "message": message}
    post(service, VERIFY, 400, body)

    with pytest.raises(error):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


# --- A domain with a port --------------------------------------------------------------------

NO_DOMAIN = {"message": ["domain must be a valid domain name"]}


@pytest.mark.parametrize(
    ("domain", "bare"),
    [("localhost:8000", "localhost"), ("[::1]:8000", "[::1]")],
    ids=["name", "ipv6"],
)
@pytest.mark.parametrize("reason", [NO_DOMAIN, {"message": NO_DOMAIN["message"][0]}])
def test_port_is_left_out_where_the_service_takes_none(
    service, asked, caplog, domain, bare, reason
):
    asked = replace(asked, domain=domain, uri=f"http://{domain}/")
    without_port = replace(asked, domain=bare)
    service.post(REQUEST, json=reason, status=400)
    service.post(REQUEST, json=request_answer(without_port), status=201)

    assert request(asked).asked == without_port

    sent = [json.loads(call.request.body) for call in service.calls]
    assert [body["domain"] for body in sent] == [domain, bare]
    assert {body["uri"] for body in sent} == {f"http://{domain}/"}
    (record,) = [record for record in caplog.records if record.name == "allauth_moralis"]
    assert record.levelno == logging.WARNING
    assert repr(bare) in record.getMessage()


def test_domain_is_bared_once_only(service, asked):
    service.post(REQUEST, json=NO_DOMAIN, status=400)
    service.post(REQUEST, json=NO_DOMAIN, status=400)

    with pytest.raises(UpstreamRejected):
        request(replace(asked, domain="localhost:8000"))

    assert len(service.calls) == 2


def test_answer_for_the_port_after_all_is_refused(service, asked):
    asked = replace(asked, domain="localhost:8000")
    service.post(REQUEST, json=NO_DOMAIN, status=400)
    service.post(REQUEST, json=request_answer(asked), status=201)

    with pytest.raises(UpstreamRejected):
        request(asked)


def test_port_is_kept_where_something_else_is_wrong(service, asked):
    service.post(REQUEST, json={"message": ["uri must be a URL address"]}, status=400)

    with pytest.raises(UpstreamRejected):
        request(replace(asked, domain="localhost:8000"))

    assert len(service.calls) == 1


def test_round_trip_with_a_service_that_takes_no_port(provider, account, asked):
    asked = replace(asked, domain="localhost:8000", uri="http://localhost:8000/")
    strict = AuthService(behaviour=Behaviour(domain_rule="fqdn"))
    with Emulator(strict) as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)
        backend = MoralisBackend()

        challenge = backend.request_challenge(asked)
        verified = backend.verify(challenge, Proof(signature=account.sign(challenge.message)))

    assert verified.challenge.message.startswith("localhost wants you to sign in ")
    assert extra_data(verified)["verified"]["domain"] == "localhost"


# --- Connections -----------------------------------------------------------------------------


def test_request_is_repeated_once_where_there_was_no_connection(service, asked):
    service.post(REQUEST, body=requests.ConnectionError("refused"))

    with pytest.raises(UpstreamUnavailable):
        request(asked)

    assert len(service.calls) == 2


def test_second_connection_will_do_for_a_request(service, asked):
    service.post(REQUEST, body=requests.ConnectionError("reset"))
    service.post(REQUEST, json=request_answer(asked), status=201)

    assert request(asked).asked == asked


def test_verify_is_never_repeated(service, challenge, proof):
    service.post(VERIFY, body=requests.ConnectionError("reset"))
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    with pytest.raises(UpstreamUnavailable):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


@pytest.mark.parametrize("kind", [requests.ReadTimeout, requests.ConnectTimeout])
def test_time_out_of_a_request_is_not_repeated(service, asked, kind):
    service.post(REQUEST, body=kind("too slow"))

    with pytest.raises(UpstreamUnavailable):
        request(asked)

    assert len(service.calls) == 1


@pytest.mark.parametrize("kind", [requests.ReadTimeout, requests.ConnectTimeout])
def test_time_out_of_a_verify_is_not_repeated(service, challenge, proof, kind):
    service.post(VERIFY, body=kind("too slow"))

    with pytest.raises(UpstreamUnavailable):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


def test_nobody_listens(provider, account, asked):
    with Emulator() as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)
        backend = MoralisBackend()
        challenge = backend.request_challenge(asked)
        proof = Proof(signature=account.sign(challenge.message))

    for attempt in (
        lambda: MoralisBackend().request_challenge(asked),
        lambda: MoralisBackend().verify(challenge, proof),
    ):
        with pytest.raises(UpstreamUnavailable):
            attempt()


def test_fifty_sign_ins_are_a_hundred_calls_on_one_connection(moralis, account, asked):
    backend = MoralisBackend()

    for _ in range(50):
        challenge = backend.request_challenge(asked)
        backend.verify(challenge, Proof(signature=account.sign(challenge.message)))

    assert moralis.connections == 1
    assert list(moralis.requests) == 50 * CALLS_OF_A_LOGIN


@pytest.mark.django_db
def test_logins_of_several_browsers_share_the_connection(moralis, account, other_account):
    for wallet in (account, other_account, account):
        assert sign_in(Client(), wallet).status_code == 302

    assert moralis.connections == 1
    assert list(moralis.requests) == 3 * CALLS_OF_A_LOGIN


# --- The service's "yes" ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_verify_takes_both_statuses_of_success(service, challenge, proof, status):
    service.post(VERIFY, json=verify_answer(challenge), status=status)

    verified = MoralisBackend().verify(challenge, proof)

    assert (verified.challenge, verified.proof) == (challenge, proof)
    assert (verified.verified_by, verified.profile_id) == ("moralis", PROFILE)


def test_profile_of_the_verify_is_kept_not_that_of_the_request(service, challenge, proof):
    other = "0x" + "c7" * 32
    service.post(VERIFY, json=verify_answer(challenge, profileId=other), status=201)

    assert MoralisBackend().verify(challenge, proof).profile_id == other


@pytest.mark.parametrize("form", [137, "137", "0x89"])
def test_chain_in_each_form_is_accepted(service, account, asked, form):
    challenge = issued(replace(asked, chain_id=137))
    service.post(VERIFY, json=verify_answer(challenge, chainId=form), status=201)

    assert MoralisBackend().verify(
        challenge, Proof(signature=account.sign(challenge.message))
    ).wallet == Wallet(EVM, account.address)


@pytest.mark.parametrize("key", ["statement", "expirationTime"])
def test_verify_without_optional_field_is_accepted(service, challenge, proof, key):
    service.post(VERIFY, json=without(verify_answer(challenge), key), status=201)

    assert MoralisBackend().verify(challenge, proof).challenge == challenge


def test_verify_with_more_fields_is_accepted(service, challenge, proof):
    service.post(VERIFY, json=verify_answer(challenge, payload=None, user={"a": 1}), status=201)

    assert MoralisBackend().verify(challenge, proof).challenge == challenge


@pytest.mark.parametrize("case", [str.lower, str.upper], ids=["lower", "upper"])
def test_address_in_other_letter_case_is_accepted(service, challenge, proof, case):
    address = case(challenge.wallet.address)
    service.post(VERIFY, json=verify_answer(challenge, address=address), status=201)

    assert MoralisBackend().verify(challenge, proof).wallet == challenge.wallet


def test_all_that_was_asked_comes_back(service, account, asked):
    start, resource = "2020-01-01T00:00:00.000Z", "https://docs.moralis.io/"
    challenge = issued(replace(asked, not_before=start, resources=(resource,)))
    answer = verify_answer(challenge, notBefore=start, resources=[resource])
    service.post(VERIFY, json=answer, status=201)

    verified = MoralisBackend().verify(challenge, Proof(signature=account.sign(challenge.message)))

    assert extra_data(verified)["verified"] == answer


OTHER_ANSWERS = [
    ("id", "J0Z0kACDLSr3QoBW7"),
    ("nonce", "J0Z0kACDLSr3QoBW7"),
    ("domain", "evil.example"),
    ("domain", "LOCALHOST"),
    ("uri", "http://localhost"),
    ("version", "2"),
    ("version", 1),
    ("chainId", 137),
    ("chainId", "137"),
    ("chainId", "0x89"),
    ("chainId", "one"),
    ("chainId", "0x"),
    ("chainId", "\u0661"),
    ("chainId", "1" * 5000),
    ("chainId", True),
    ("chainId", 1.0),
    ("chainId", [1]),
    ("address", "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1"),
    ("address", "not an address"),
    ("address", 0),
    ("statement", "Transfer everything"),
    ("statement", ["Sign in to localhost"]),
    ("expirationTime", "2999-01-01T00:00:00.000Z"),
    ("notBefore", "2020-01-01T00:00:00.000Z"),
    ("resources", ["https://evil.example/"]),
]


@pytest.mark.parametrize(("key", "value"), OTHER_ANSWERS)
def test_answer_about_something_else_is_refused(service, challenge, proof, key, value):
    service.post(VERIFY, json=verify_answer(challenge, **{key: value}), status=201)

    with pytest.raises(UpstreamRejected, match=f"something else: {key}$"):
        MoralisBackend().verify(challenge, proof)


@pytest.mark.parametrize(
    "key", ["id", "domain", "uri", "version", "nonce", "chainId", "address", "profileId"]
)
def test_answer_without_required_field_is_refused(service, challenge, proof, key):
    for answer in (without(verify_answer(challenge), key), verify_answer(challenge, **{key: None})):
        service.post(VERIFY, json=answer, status=201)

        with pytest.raises(UpstreamRejected):
            MoralisBackend().verify(challenge, proof)


@pytest.mark.parametrize("profile", [value for key, value in MALFORMED if key == "profileId"])
def test_profile_of_another_shape_is_refused(service, challenge, proof, profile):
    service.post(VERIFY, json=verify_answer(challenge, profileId=profile), status=201)

    with pytest.raises(UpstreamRejected):
        MoralisBackend().verify(challenge, proof)


SIGNATURES: dict[str, Callable[[str], str]] = {
    "empty": lambda good: "",
    "no_hex": lambda good: "0x" + "zz" * 65,
    "half_a_byte": lambda good: good[:-1],
    "trailing_newline": lambda good: good + "\n",
    "recovery_id_2": lambda good: good[:-2] + "02",
    "recovery_id_255": lambda good: good[:-2] + "ff",
    "r_of_zero": lambda good: "0x" + "00" * 32 + good[66:],
    "s_of_zero": lambda good: good[:66] + "00" * 32 + good[-2:],
    "all_ff": lambda good: "0x" + "ff" * 65,
    "other_key": lambda good: good[:-2] + ("1c" if good.endswith("1b") else "1b"),
}


@pytest.mark.parametrize("change", SIGNATURES.values(), ids=SIGNATURES)
def test_signature_that_is_wrong_here_costs_no_call(service, challenge, proof, change):
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    with pytest.raises(SignatureInvalid):
        MoralisBackend().verify(challenge, Proof(signature=change(proof.signature)))

    assert len(service.calls) == 0


def test_signature_of_another_account_costs_no_call(service, challenge, other_account):
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    with pytest.raises(SignatureInvalid):
        MoralisBackend().verify(challenge, Proof(signature=other_account.sign(challenge.message)))

    assert len(service.calls) == 0


# --- Settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"API_KEY": API_KEY + "\n"},
        {"API_KEY": API_KEY + "\r\nX-Other: 1"},
        {"API_KEY": " " + API_KEY},
        {"API_KEY": API_KEY + "\u20ac"},
        {"BASE_URL": "authapi.moralis.io"},
        {"BASE_URL": "ftp://authapi.moralis.io"},
        {"BASE_URL": "http://"},
        {"BASE_URL": "http://[::1"},
    ],
    ids=repr,
)
def test_key_or_url_that_cannot_be_used(provider, asked, changes):
    provider.update({"API_KEY": API_KEY, "BASE_URL": "http://127.0.0.1:1", **changes})

    with pytest.raises(Misconfigured) as caught:
        request(asked)

    assert_nothing_seen(caught.value)


def test_check_asks_for_a_key(provider):
    provider["API_KEY"] = ""

    assert [error.id for error in MoralisBackend().check()] == ["allauth_moralis.E010"]


def test_check_is_content_with_a_key(provider):
    provider["API_KEY"] = API_KEY

    assert MoralisBackend().check() == []


# --- What must not be seen -------------------------------------------------------------------


def assert_nothing_seen(error: BaseException, *more: str) -> None:
    """Neither the key nor the signature is in what is shown of an error, or in ``more``."""
    shown = [
        repr(error),
        repr(vars(error)),
        *traceback.format_exception(error),
        *traceback.format_exception(error, chain=True),
        *more,
    ]
    for piece in shown:
        assert API_KEY not in piece
        assert SECRET not in piece


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("", "allauth_moralis", "urllib3", "requests", "django"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


ECHO = f"{API_KEY} {SECRET}"
ECHOES: dict[str, dict] = {
    "no_connection": {"body": requests.ConnectionError(ECHO)},
    "time_out": {"body": requests.ReadTimeout(ECHO)},
    "bad_header": {"body": requests.exceptions.InvalidHeader(ECHO)},
    "other_error": {"body": requests.RequestException(ECHO)},
    "success": {"json": {"id": ECHO, "message": ECHO, "profileId": ECHO}, "status": 201},
    "html": {"body": f"<html>{ECHO}</html>", "status": 200},
    "bad_request": {"json": {"message": [ECHO]}, "status": 400},
    "bad_network": {"json": {"message": [f"network {ECHO}"]}, "status": 400},
    "bad_signature": {"json": {"message": [f"Invalid signature {ECHO}"]}, "status": 400},
    "unauthorized": {"json": {"message": ECHO}, "status": 401},
    "quota": {"json": {"message": f"Validation service blocked {ECHO}"}, "status": 401},
    "not_found": {"body": ECHO, "status": 404},
    "error": {"body": ECHO, "status": 500},
    "redirect": {"body": ECHO, "status": 302, "headers": {"Location": f"{BASE}/?{API_KEY}"}},
}


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES)
def test_request_refused_shows_no_secret(service, asked, every_log, answer):
    service.post(REQUEST, **answer)

    with pytest.raises(WalletError) as caught:
        request(asked)

    assert_nothing_seen(caught.value, every_log.text)


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES)
def test_verify_refused_shows_no_secret(service, challenge, proof, every_log, answer):
    service.post(VERIFY, **answer)

    with pytest.raises(WalletError) as caught:
        MoralisBackend().verify(challenge, proof)

    assert_nothing_seen(caught.value, every_log.text)
    assert proof.signature not in "".join([*traceback.format_exception(caught.value)])
    assert proof.signature not in every_log.text


def test_login_over_http_logs_no_secret(moralis, account, asked, every_log):
    backend = MoralisBackend()

    challenge = backend.request_challenge(asked)
    signature = account.sign(challenge.message)
    backend.verify(challenge, Proof(signature=signature))

    assert "/challenge/verify/evm" in every_log.text  # urllib3's own record: logging is on
    assert API_KEY not in every_log.text
    assert signature not in every_log.text


def test_wrong_key_over_http_shows_no_secret(provider, asked, every_log):
    with Emulator(AuthService(api_key="another")) as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)

        with pytest.raises(Misconfigured) as caught:
            request(asked)

    assert_nothing_seen(caught.value, every_log.text)


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("reset"), RuntimeError("a bug")], ids=["refused", "a_bug"]
)
def test_error_report_for_the_operator_shows_no_secret(service, challenge, proof, settings, error):
    settings.DEBUG = False  # the variables of such a report are filtered only where it is mailed
    service.post(VERIFY, body=error)

    with pytest.raises((UpstreamUnavailable, RuntimeError)) as caught:
        MoralisBackend().verify(challenge, proof)

    report = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_data()
    frames = [frame for frame in report["frames"] if frame["filename"] != __file__]
    assert any(frame["function"] == "_ask" for frame in frames)
    shown = repr([frame["vars"] for frame in frames if "allauth_moralis" in frame["filename"]])
    assert API_KEY not in shown
    assert proof.signature not in shown
