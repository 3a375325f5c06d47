"""Answers of the Moralis Auth API that cannot be used."""

import gzip
import json
from dataclasses import replace

import pytest
import responses

from allauth_moralis.backends.moralis.auth_api import MAX_RESPONSE
from allauth_moralis.backends.moralis.backend import MoralisBackend
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
from allauth_moralis.siwx.wallets import SOLANA, MessageFields, Proof, Wallet

from .common import CHAIN_ENUM, REQUEST, VERIFY, request, request_answer

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
    "one_byte_too_many": "{}".ljust(MAX_RESPONSE + 1),
    "many_megabytes": b" " * (8 * 1024 * 1024),
}


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_request_answered_with_no_object_is_refused(service, fields, body, status):
    service.post(REQUEST, body=body, status=status)

    with pytest.raises(UpstreamRejected):
        request(fields)


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_verify_answered_with_no_object_is_refused(service, challenge, proof, body):
    service.post(VERIFY, body=body, status=201)

    with pytest.raises(UpstreamRejected):
        MoralisBackend().verify(challenge, proof)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_refused_and_not_followed(service, fields, status):
    elsewhere = "https://evil.example/"
    service.post(REQUEST, status=status, headers={"Location": elsewhere})
    for method in ("GET", "POST"):
        service.add(method, elsewhere, json=request_answer(fields), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)

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
    "400_too_large": (400, '{"message": "' + "x" * MAX_RESPONSE + '"}', UpstreamRejected),
}


def post(service: responses.RequestsMock, url: str, status: int, body: object) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)
    service.post(url, body=raw, status=status)


@pytest.mark.parametrize(("status", "body", "error"), STATUSES.values(), ids=STATUSES)
def test_request_answered_with_status(service, fields, status, body, error):
    post(service, REQUEST, status, body)

    with pytest.raises(error):
        request(fields)

    assert len(service.calls) == 1


@pytest.mark.parametrize(("status", "body", "error"), STATUSES.values(), ids=STATUSES)
def test_verify_answered_with_status(service, challenge, proof, status, body, error):
    post(service, VERIFY, status, body)

    with pytest.raises(error):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


REQUEST_REASONS: dict[str, tuple[object, type[WalletError]]] = {
    "network": (["network must be a valid enum value"], UnsupportedNetwork),
    "address": (["address must be an Ethereum address"], UpstreamRejected),
    "timeout": ("timeout must not be greater than 120", UpstreamRejected),
    "domain": (["domain must be a valid domain name"], UpstreamRejected),
    # Words that the visitor's own input could have brought into the sentence.
    "chain_elsewhere": ("statement must not contain chainId", UpstreamRejected),
}


@pytest.mark.parametrize(("message", "error"), REQUEST_REASONS.values(), ids=REQUEST_REASONS)
def test_request_answered_with_400(service, fields, message, error):
    body = {"statusCode": 400, "name": "BadRequestException", "message": message}
    post(service, REQUEST, 400, body)

    with pytest.raises(error):
        request(fields)

    assert len(service.calls) == 1


CHAIN_REASONS: dict[str, object] = {
    "in_list": [CHAIN_ENUM],
    "in_string": "chainId must be a valid enum value",
    "among_others": ["uri must be a URL address", CHAIN_ENUM],
    "beside_the_port": ["domain must be a valid domain name", CHAIN_ENUM],
}


@pytest.mark.parametrize("message", CHAIN_REASONS.values(), ids=CHAIN_REASONS)
def test_chain_that_is_refused_is_judged_here(service, wallet, fields, caplog, message):
    fields = replace(fields, domain="localhost:8000", chain_id=42161)
    post(service, REQUEST, 400, {"message": message})
    backend = MoralisBackend()

    challenge = backend.request_challenge(fields)
    verified = backend.verify(challenge, Proof(signature=wallet.sign(challenge.message)))

    assert (challenge.fields, challenge.issued_by) == (fields, "moralis")
    assert (verified.verified_by, verified.profile_id) == ("local", None)
    assert len(service.calls) == 1
    assert "chain 42161" in caplog.text
    with pytest.raises(SignatureInvalid):
        backend.verify(challenge, Proof(signature=wallet.sign("another text")))


@pytest.mark.parametrize(
    ("reason", "error"),
    [("chainId must be 1", UnsupportedChain), ("network must be mainnet", UnsupportedNetwork)],
)
def test_refusal_says_that_the_service_refuses(service, reason, error):
    fields = MessageFields(
        wallet=Wallet(SOLANA, "1" * 32), domain="a.example", uri="https://a.example/"
    )
    post(service, REQUEST.replace("evm", "solana"), 400, {"message": [reason]})

    with pytest.raises(error) as caught:
        request(fields)

    assert caught.value.code == error.code
    assert "The verification service of this site" in str(caught.value.message)
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
