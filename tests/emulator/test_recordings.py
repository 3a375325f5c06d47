"""The emulator answers as the recordings of the service do."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from allauth_moralis.emulator import AuthService, Emulator
from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.siwx import signatures
from allauth_moralis.siwx.text import match, render
from allauth_moralis.siwx.wallets import EVM, MessageFields, Wallet
from allauth_moralis.testing import EvmWallet

from .common import (
    DOCUMENTED_SIGNATURE,
    RECORDED_SIGNATURE,
    RECORDED_TEXT,
    REQUEST,
    VERIFY,
    accepted,
    post,
    verify,
)

RECORDED_SIGN_IN = MessageFields(
    wallet=Wallet(EVM, "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1"),
    domain="defi.finance",
    uri="https://defi.finance/",
    chain_id=1,
    statement="Please confirm",
    expiration_time="2023-01-01T00:00:00.000Z",
    not_before="2020-01-01T00:00:00.000Z",
)


# --- The recordings ------------------------------------------------------------------------------


def test_fields_of_the_recording_give_its_text():
    rendered = render(
        RECORDED_SIGN_IN, nonce="rhB7VY6zuNlwTu4KM", issued_at="2022-08-14T15:25:18.700Z"
    )

    assert rendered == RECORDED_TEXT


def test_text_of_the_recording_is_recognised():
    assert match(RECORDED_TEXT, RECORDED_SIGN_IN) == (
        "rhB7VY6zuNlwTu4KM",
        "2022-08-14T15:25:18.700Z",
    )


def test_signature_of_the_recording_verifies():
    signatures.check_evm(RECORDED_TEXT, RECORDED_SIGNATURE, RECORDED_SIGN_IN.wallet.address)


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        (RECORDED_TEXT + "\n", RECORDED_SIGNATURE),
        (RECORDED_TEXT, DOCUMENTED_SIGNATURE),
        (RECORDED_TEXT.replace("rhB7VY6zuNlwTu4KM", "Px7Nh1RPzlCLwqgOb"), DOCUMENTED_SIGNATURE),
    ],
    ids=["trailing_newline", "documented_signature", "documented_nonce"],
)
def test_recording_with_a_change_does_not_verify(text, signature):
    with pytest.raises(SignatureInvalid):
        signatures.check_evm(text, signature, RECORDED_SIGN_IN.wallet.address)


def test_text_with_resources_is_that_of_the_net_recording():
    rendered = render(
        MessageFields(
            wallet=Wallet(EVM, "0x35ba4825204dcE15C7147eA89b31178a00750f81"),
            domain="1155project.com",
            uri="https://1155project.com/",
            chain_id=80001,
            statement="Please confirm",
            expiration_time="2022-08-01T21:12:00.5047368Z",
            not_before="2022-08-01T20:12:00.5047995Z",
            resources=("https://www.1155project.com",),
        ),
        nonce="79cpaVm99Q4nGzXD6",
        issued_at="2022-08-01T20:12:00.954Z",
    )

    assert rendered == (
        "1155project.com wants you to sign in with your Ethereum account:\n"
        "0x35ba4825204dcE15C7147eA89b31178a00750f81\n\nPlease confirm\n\n"
        "URI: https://1155project.com/\nVersion: 1\nChain ID: 80001\nNonce: 79cpaVm99Q4nGzXD6\n"
        "Issued At: 2022-08-01T20:12:00.954Z\nExpiration Time: 2022-08-01T21:12:00.5047368Z\n"
        "Not Before: 2022-08-01T20:12:00.5047995Z\nResources:\n- https://www.1155project.com"
    )


def test_vector_of_a_public_test_key():
    wallet = EvmWallet.from_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
    text = render(
        MessageFields(
            wallet=Wallet(EVM, "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"),
            domain="localhost",
            uri="http://localhost:8000/",
            chain_id=137,
        ),
        nonce="984ge9Yuc9gLTMEJO",
        issued_at="2024-01-01T00:00:00.000Z",
    )

    assert wallet.address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
    assert text == (
        "localhost wants you to sign in with your Ethereum account:\n"
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\n\n\nURI: http://localhost:8000/\nVersion: 1\n"
        "Chain ID: 137\nNonce: 984ge9Yuc9gLTMEJO\nIssued At: 2024-01-01T00:00:00.000Z"
    )
    signature = (
        "0xf691b81838c93f9656367de57186e4607b7add4e222b21896e58d2c41dadb9be"
        "2e27d1382f274998fece6456082acc43d7da149acfd8b3cb03966101d101a73f1b"
    )
    signatures.check_evm(text, signature, wallet.address)
    # The nonce of RFC 6979 leaves one signature for a key and a text.
    assert wallet.sign(text) == signature


def test_emulator_repeats_the_recording(timed):
    answer = accepted(
        timed,
        {
            "domain": "defi.finance",
            "chainId": 1,
            "address": "0x28cc324d04132b8caa67479c9083e6f5ad505ec1",
            "uri": "https://defi.finance/",
            "timeout": 60,
            "statement": "Please confirm",
            "expirationTime": "2023-01-01T00:00:00.000Z",
            "notBefore": "2020-01-01T00:00:00.000Z",
        },
    )

    found = match(answer["message"], RECORDED_SIGN_IN)
    assert found is not None
    nonce, issued_at = found
    assert issued_at == "2022-08-14T15:25:18.700Z"
    assert answer["message"].replace(nonce, "rhB7VY6zuNlwTu4KM") == RECORDED_TEXT


def is_name(value: object) -> bool:
    """17 alphanumerics, as the service's ids and nonces have."""
    return isinstance(value, str) and len(value) == 17 and value.isascii() and value.isalnum()


# --- Answers -------------------------------------------------------------------------------------


def test_request_is_answered_in_the_order_of_the_recordings(shared, fields):
    answer = accepted(shared, fields)

    assert list(answer) == ["id", "message", "profileId"]
    assert is_name(answer["id"])
    assert len(answer["profileId"]) == 66
    assert int(answer["profileId"], 16)


def test_verify_is_answered_in_the_order_of_the_recordings(shared, wallet, fields):
    expiration = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    optional = {
        "statement": "Please confirm",
        "expirationTime": expiration,
        "notBefore": "2020-01-01T00:00:00.000Z",
        "resources": ["https://docs.moralis.io/"],
    }
    asked = accepted(shared, {**fields, **optional})

    response = verify(shared, wallet, asked["message"])

    assert response.status_code == 201
    answer = response.json()
    nonce = answer["nonce"]
    assert list(answer.items()) == [
        ("id", asked["id"]),
        ("domain", "localhost"),
        ("chainId", 1),
        ("address", wallet.address),
        ("statement", "Please confirm"),
        ("uri", "http://localhost/"),
        ("expirationTime", expiration),
        ("notBefore", "2020-01-01T00:00:00.000Z"),
        ("resources", ["https://docs.moralis.io/"]),
        ("version", "1"),
        ("nonce", nonce),
        ("profileId", asked["profileId"]),
    ]
    assert is_name(nonce)
    assert f"\nNonce: {nonce}\n" in asked["message"]


def test_optional_fields_that_were_not_given_are_left_out(shared, wallet, fields):
    asked = accepted(shared, fields)

    answer = verify(shared, wallet, asked["message"]).json()

    assert list(answer) == [
        *("id", "domain", "chainId", "address", "uri", "version", "nonce", "profileId")
    ]


def test_optional_fields_of_null_count_as_left_out(shared, fields):
    names = ("statement", "expirationTime", "notBefore", "resources")

    message = accepted(shared, {**fields, **dict.fromkeys(names)})["message"]

    assert "None" not in message
    assert message.splitlines()[-1].startswith("Issued At: ")


def test_fields_that_the_service_does_not_know_pass(shared, wallet, fields):
    message = accepted(shared, {**fields, "network": "evm"})["message"]

    assert verify(shared, wallet, message, network="evm").status_code == 201


@pytest.mark.parametrize("form", [137, "137", "0x89"])
def test_chain_is_taken_in_each_form_and_told_as_a_number(shared, wallet, fields, form):
    message = accepted(shared, {**fields, "chainId": form})["message"]

    assert "\nChain ID: 137\n" in message
    assert verify(shared, wallet, message).json()["chainId"] == 137


def test_lower_case_address_is_spelt_with_its_checksum(shared, wallet, fields):
    message = accepted(shared, {**fields, "address": wallet.address.lower()})["message"]

    assert message.splitlines()[1] == wallet.address


def test_profile_is_stable_for_key_and_address(shared, fields, other_wallet):
    def profile(key: str, **changes: str) -> str:
        return accepted(shared, {**fields, **changes}, key=key)["profileId"]

    first = profile("one")

    assert profile("one", chainId="137", domain="example.com") == first
    assert profile("one", address=fields["address"].lower()) == first
    assert profile("two") != first
    assert profile("one", address=other_wallet.address) != first


def test_each_challenge_has_an_id_and_a_nonce_of_its_own(shared, fields):
    first, second = accepted(shared, fields), accepted(shared, fields)

    assert first["id"] != second["id"]
    assert first["message"] != second["message"]


# --- The key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, ""], ids=["missing", "empty"])
@pytest.mark.parametrize("path", [REQUEST, VERIFY, "/elsewhere"])
def test_no_key(shared, fields, path, key):
    response = post(shared, path, fields, key=key)

    assert (response.status_code, response.json()) == (401, {"message": "Api Key Not Present"})


def test_wrong_key(fields):
    with Emulator(AuthService(api_key="right")) as emulator:
        response = post(emulator, REQUEST, fields, key="wrong")

        assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})
        assert post(emulator, REQUEST, fields, key="right").status_code == 201


def test_name_of_the_key_s_header_in_any_letter_case(shared, fields):
    response = requests.post(
        shared.url + REQUEST, json=fields, headers={"x-api-KEY": "any"}, timeout=10
    )

    assert response.status_code == 201
