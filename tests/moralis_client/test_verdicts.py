"""What the Moralis Auth API says of a signature."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.exceptions import (
    SignatureInvalid,
    UpstreamRejected,
)
from allauth_moralis.siwx.record import extra_data
from allauth_moralis.siwx.wallets import EVM, Proof, Wallet

from .common import MALFORMED, PROFILE, VERIFY, issued, verify_answer, without


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
def test_chain_in_each_form_is_accepted(service, wallet, fields, form):
    challenge = issued(replace(fields, chain_id=137))
    service.post(VERIFY, json=verify_answer(challenge, chainId=form), status=201)

    assert MoralisBackend().verify(
        challenge, Proof(signature=wallet.sign(challenge.message))
    ).wallet == Wallet(EVM, wallet.address)


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


def test_all_that_was_asked_comes_back(service, wallet, fields):
    start, resource = "2020-01-01T00:00:00.000Z", "https://docs.moralis.io/"
    challenge = issued(replace(fields, not_before=start, resources=(resource,)))
    answer = verify_answer(challenge, notBefore=start, resources=[resource])
    service.post(VERIFY, json=answer, status=201)

    verified = MoralisBackend().verify(challenge, Proof(signature=wallet.sign(challenge.message)))

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


def test_signature_of_another_account_costs_no_call(service, challenge, other_wallet):
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    with pytest.raises(SignatureInvalid):
        MoralisBackend().verify(challenge, Proof(signature=other_wallet.sign(challenge.message)))

    assert len(service.calls) == 0
