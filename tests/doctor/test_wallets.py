"""Each network by the real backends; the service is the emulator, with its faults."""

import pytest

from allauth_moralis.backends import get_backend
from allauth_moralis.doctor.wallets import fields_for, try_network
from allauth_moralis.emulator.faults import CONNECTIONS
from allauth_moralis.emulator.service import Behaviour
from allauth_moralis.testing import EvmWallet

from ..chain.fixtures import PATIENT
from ..conftest import API_KEY
from ..test_faults import OF_A_REQUEST, OF_A_VERIFICATION
from .common import ADDRESS, FAILED, PASSED, WARNING, examined

#: A part of what to do, by fault.
ADVICE = {
    "wrong_key": "Copy the key",
    "missing_key": "Copy the key",
    "forbidden": "Copy the key",
    "plan_used_up": "upgrade it",
    "rate_limited": "wait a minute",
    "server_error": "status page",
    "bad_gateway_html": "status page",
    "closed_connection": "firewall",
    "hang": "firewall",
    "slow_drip": "firewall",
    "cut_off": "firewall",
    "old_issue_time": "NTP",
    "html_ok": "not the service",
    "not_found": "not the service",
    "wrong_text_domain": "not the service",
    "wrong_profile": "not the service",
}


def evm():
    return examined(try_network, "evm", ADDRESS)


@pytest.mark.parametrize("network", ["evm", "solana", "aptos"])
def test_wallet_of_each_network_is_verified(backend, network):
    finding = examined(try_network, network, ADDRESS)

    assert finding.status == PASSED, finding
    assert f"text by {backend} in " in finding.seen
    assert f"signature verified by {backend} in " in finding.seen


@pytest.mark.parametrize("fault", OF_A_REQUEST)
def test_fault_of_the_request_is_found(moralis, provider, fault):
    provider["TIMEOUT"] = (0.5, 0.6) if fault in CONNECTIONS else PATIENT

    with moralis.fault(fault):
        finding = evm()

    assert finding.status == FAILED
    assert finding.seen.startswith(OF_A_REQUEST[fault][1])
    assert ADVICE.get(fault, "") in finding.advice
    assert finding.advice
    assert API_KEY not in repr(finding)


@pytest.mark.parametrize("fault", ["wrong_id", "server_error", "wrong_key"])
def test_fault_of_the_verification_is_found(moralis, fault):
    with moralis.faults.during(fault, path="/challenge/verify"):
        finding = evm()

    assert finding.status == FAILED
    assert finding.seen.startswith(OF_A_VERIFICATION[fault][1])


def test_fallback_is_tried_where_the_service_does_not_answer(moralis, provider):
    provider["FALLBACK"] = "local"

    with moralis.fault("server_error"):
        finding = evm()

    assert finding.status == WARNING
    assert "upstream_unavailable: status 500; the embedded verifier works" in finding.seen


def test_fallback_does_not_hide_a_wrong_key(moralis, provider):
    provider["FALLBACK"] = "local"

    with moralis.fault("wrong_key"):
        assert evm().status == FAILED


def test_service_that_takes_no_port(moralis, provider):
    moralis.service.behaviour = Behaviour(domain_rule="fqdn")
    provider["DOMAIN"] = "example.com:8443"

    finding = evm()

    assert finding.status == WARNING
    assert "the text names example.com" in finding.seen
    assert "DOMAIN" in finding.advice


def test_backend_that_believes_every_signature(provider):
    provider["BACKEND"] = "tests.doctor.backends.Gullible"

    finding = evm()

    assert finding.status == FAILED
    assert "anybody can sign in as anybody" in finding.seen


def test_text_is_for_a_chain_that_the_site_accepts(provider):
    provider.update(CHAINS=[137], DOMAIN=None)

    fields = fields_for(EvmWallet(), ADDRESS)
    challenge = get_backend().request_challenge(fields)

    assert "Chain ID: 137" in challenge.message
    assert "URI: https://example.com/" in challenge.message
