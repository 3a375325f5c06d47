"""What is asked of the Moralis Auth API."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from allauth_moralis.backends.moralis.auth_api import MAX_RESPONSE
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.emulator import AuthService, Behaviour, Emulator
from allauth_moralis.exceptions import UpstreamRejected
from allauth_moralis.siwx.record import extra_data
from allauth_moralis.siwx.text import timestamp
from allauth_moralis.siwx.wallets import EVM, Challenge, Proof, Wallet

from ..conftest import API_KEY
from .common import (
    CALLS_OF_A_LOGIN,
    PROFILE,
    REQUEST,
    VERIFY,
    request,
    request_answer,
    text,
    verify_answer,
)

# --- What is sent --------------------------------------------------------------------------------


def test_request_sends_what_the_contract_asks_for(service, wallet, fields, provider):
    provider["CHALLENGE_TTL"] = 90
    fields = replace(fields, chain_id=137, wallet=Wallet.parse(EVM, wallet.address.lower()))
    service.post(REQUEST, json=request_answer(fields), status=201)

    request(fields)

    sent = service.calls[0].request
    assert sent.headers["X-API-Key"] == API_KEY
    assert sent.headers["Content-Type"] == "application/json"
    body = json.loads(sent.body)
    assert body == {
        "domain": "localhost",
        "chainId": "137",
        "address": wallet.address,
        "uri": "http://localhost/",
        "timeout": 90,
        "statement": "Sign in to localhost",
        "expirationTime": fields.expiration_time,
    }
    assert isinstance(body["timeout"], int)


def test_request_leaves_out_what_was_not_asked(service, fields):
    fields = replace(fields, statement=None, expiration_time=None)
    service.post(REQUEST, json=request_answer(fields), status=201)

    request(fields)

    assert set(json.loads(service.calls[0].request.body)) == {
        *("domain", "chainId", "address", "uri", "timeout")
    }


def test_verify_sends_the_kept_text_and_the_signature_alone(service, challenge, proof):
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    MoralisBackend().verify(challenge, proof)

    sent = service.calls[0].request
    assert sent.headers["X-API-Key"] == API_KEY
    assert json.loads(sent.body) == {"message": challenge.message, "signature": proof.signature}


# --- A challenge that is taken -------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_request_takes_both_statuses_of_success(service, fields, status):
    answer = request_answer(fields, more="of whatever")
    service.post(REQUEST, json=answer, status=status)

    challenge = request(fields)

    assert challenge == Challenge(
        fields=fields,
        nonce="rhB7VY6zuNlwTu4KM",
        issued_at=challenge.issued_at,
        message=answer["message"],
        id="FBQpoJMHHmdm4F7Fv",
        profile_id=PROFILE,
        issued_by="moralis",
    )
    assert f"Issued At: {challenge.issued_at}\n" in challenge.message


@pytest.mark.parametrize("seconds", [-10, 10])
def test_a_few_seconds_of_skew_pass(service, fields, seconds):
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    answer = request_answer(fields, message=text(fields, issued_at=timestamp(moment)))
    service.post(REQUEST, json=answer, status=201)

    assert request(fields).issued_at == timestamp(moment)


def test_time_of_issue_in_another_zone_passes(service, fields):
    moment = datetime.now(timezone(timedelta(hours=5, minutes=30))).isoformat()
    answer = request_answer(fields, message=text(fields, issued_at=moment))
    service.post(REQUEST, json=answer, status=201)

    assert request(fields).issued_at == moment


def test_answer_at_the_cap_passes(service, fields):
    body = json.dumps(request_answer(fields)).encode().ljust(MAX_RESPONSE)
    service.post(REQUEST, body=body, status=201)

    assert request(fields).fields == fields


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
def test_round_trip_with_the_emulator(moralis, wallet, fields, changes):
    fields = replace(fields, **changes)
    backend = MoralisBackend()

    challenge = backend.request_challenge(fields)
    verified = backend.verify(challenge, Proof(signature=wallet.sign(challenge.message)))

    assert challenge.fields == fields
    assert verified.challenge == challenge
    assert verified.verified_by == "moralis"
    assert verified.profile_id == challenge.profile_id
    assert abs(verified.verified_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(moralis.requests) == CALLS_OF_A_LOGIN


NO_DOMAIN = {"message": ["domain must be a valid domain name"]}


# --- A domain with a port ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "bare"),
    [("localhost:8000", "localhost"), ("[::1]:8000", "[::1]")],
    ids=["name", "ipv6"],
)
@pytest.mark.parametrize("reason", [NO_DOMAIN, {"message": NO_DOMAIN["message"][0]}])
def test_port_is_left_out_where_the_service_takes_none(
    service, fields, caplog, domain, bare, reason
):
    fields = replace(fields, domain=domain, uri=f"http://{domain}/")
    without_port = replace(fields, domain=bare)
    service.post(REQUEST, json=reason, status=400)
    service.post(REQUEST, json=request_answer(without_port), status=201)

    assert request(fields).fields == without_port

    sent = [json.loads(call.request.body) for call in service.calls]
    assert [body["domain"] for body in sent] == [domain, bare]
    assert {body["uri"] for body in sent} == {f"http://{domain}/"}
    (record,) = [record for record in caplog.records if record.name == "allauth_moralis"]
    assert record.levelno == logging.WARNING
    assert repr(bare) in record.getMessage()


def test_domain_is_bared_once_only(service, fields):
    service.post(REQUEST, json=NO_DOMAIN, status=400)
    service.post(REQUEST, json=NO_DOMAIN, status=400)

    with pytest.raises(UpstreamRejected):
        request(replace(fields, domain="localhost:8000"))

    assert len(service.calls) == 2


def test_answer_for_the_port_after_all_is_refused(service, fields):
    fields = replace(fields, domain="localhost:8000")
    service.post(REQUEST, json=NO_DOMAIN, status=400)
    service.post(REQUEST, json=request_answer(fields), status=201)

    with pytest.raises(UpstreamRejected):
        request(fields)


def test_port_is_kept_where_something_else_is_wrong(service, fields):
    service.post(REQUEST, json={"message": ["uri must be a URL address"]}, status=400)

    with pytest.raises(UpstreamRejected):
        request(replace(fields, domain="localhost:8000"))

    assert len(service.calls) == 1


def test_round_trip_with_a_service_that_takes_no_port(provider, wallet, fields):
    fields = replace(fields, domain="localhost:8000", uri="http://localhost:8000/")
    strict = AuthService(behaviour=Behaviour(domain_rule="fqdn"))
    with Emulator(strict) as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)
        backend = MoralisBackend()

        challenge = backend.request_challenge(fields)
        verified = backend.verify(challenge, Proof(signature=wallet.sign(challenge.message)))

    assert verified.challenge.message.startswith("localhost wants you to sign in ")
    assert extra_data(verified)["verified"]["domain"] == "localhost"
