"""Addresses in one spelling, and values that survive the session."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allauth_moralis.exceptions import InvalidAddress
from allauth_moralis.siwx.wallets import Challenge, MessageFields, Proof, Wallet

# The examples of EIP-55.
CHECKSUMMED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
]


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_the_examples_of_eip_55(address):
    for spelling in (address, address.lower(), "0x" + address[2:].upper(), "0X" + address[2:]):
        assert Wallet.parse("evm", spelling) == Wallet("evm", address)


@given(st.sampled_from(CHECKSUMMED[:4]), st.integers(2, 41))
def test_one_letter_in_the_wrong_case(address, position):
    mutant = address[:position] + address[position].swapcase() + address[position + 1 :]

    if mutant != address:
        with pytest.raises(InvalidAddress):
            Wallet.parse("evm", mutant)


def test_the_short_form_keeps_both_ends():
    assert Wallet("evm", CHECKSUMMED[0]).short == "0x5aAe…eAed"


def test_a_challenge_survives_the_session():
    challenge = Challenge(
        fields=MessageFields(
            wallet=Wallet("evm", CHECKSUMMED[0]),
            domain="a.example",
            uri="https://a.example/",
            chain_id=1,
            statement=None,
            resources=("https://b.example/",),
        ),
        nonce="n" * 17,
        issued_at="2026-01-01T00:00:00.000Z",
        message="text",
        id="i" * 17,
        profile_id=None,
        issued_by="local",
    )

    assert Challenge.from_json(json.loads(json.dumps(challenge.to_json()))) == challenge


def test_a_proof_does_not_show_its_signature():
    assert "0xsecret" not in repr(Proof(signature="0xsecret"))
