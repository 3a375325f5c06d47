"""Signing in with wallets of every network."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from allauth_moralis.siwx.encodings import base58_decode, base58_encode
from allauth_moralis.testing import (
    AptosWallet,
    EvmWallet,
    SolanaWallet,
    answer,
    obtain_challenge,
    request_challenge,
    sign_in,
)

from ..ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db

WALLETS = [EvmWallet, SolanaWallet, AptosWallet, lambda: AptosWallet(single_key=True)]
KINDS = ["evm", "solana", "aptos", "aptos single key"]


@pytest.fixture(params=WALLETS, ids=KINDS)
def any_wallet(request):
    return request.param()


# --- The main job --------------------------------------------------------------------------------


def test_signing_in_twice_is_one_account(client, any_wallet, backend):
    assert sign_in(client, any_wallet)["Location"] == "/accounts/profile/"
    user = user_of(client)
    client.logout()
    sign_in(client, any_wallet)

    row = SocialAccount.objects.get()
    assert (row.uid, row.user_id, user_of(client)) == (any_wallet.address, user, user)
    assert row.extra_data["network"] == any_wallet.network
    assert row.extra_data["verified_by"] == backend
    html = client.get(reverse("moralis_profile")).content.decode()
    assert any_wallet.address in html
    assert row.get_profile_url() in html.replace("&amp;", "&")


def test_what_was_verified_names_the_network(client, backend):
    sign_in(client, SolanaWallet())
    data = SocialAccount.objects.get().extra_data

    assert data["chain_id"] is None
    assert data["verified"]["network"] == "mainnet"
    assert "chainId" not in data["verified"]


def test_what_was_verified_of_aptos_names_the_key(client, backend):
    wallet = AptosWallet()
    sign_in(client, wallet)
    data = SocialAccount.objects.get().extra_data

    assert data["verified"]["publicKey"] == wallet.public_key
    assert data["message"].startswith("APTOS\nmessage: testserver wants you")


def test_the_stored_text_and_signature_belong_together(client, any_wallet, backend):
    """Whatever the browser sends along as the text."""
    challenge, message = obtain_challenge(client, any_wallet)
    proof = any_wallet.prove(message)
    if any_wallet.network != "aptos":
        proof["full_message"] = "I owe Bob a million."

    assert answer(client, challenge, **proof).status_code == 302

    data = SocialAccount.objects.get().extra_data
    assert message in data["message"]
    assert "Bob" not in data["message"]
    assert any_wallet.sign(data["message"]) == data["signature"]


def test_the_text_of_solana(client, backend):
    wallet = SolanaWallet()
    message = obtain_challenge(client, wallet)[1]

    assert message.startswith(
        f"testserver wants you to sign in with your Solana account:\n{wallet.address}\n\n"
    )
    assert "\nVersion: 1\nNetwork: mainnet\nNonce: " in message


def test_the_text_of_aptos(client, backend):
    wallet = AptosWallet()
    message = obtain_challenge(client, wallet)[1]

    assert message.startswith(
        f"testserver wants you to sign in with your Aptos account:\n{wallet.address}\n\n"
    )
    assert "\nVersion: 1\nChain ID: 1\nNonce: " in message


def test_wallets_of_every_network_on_one_account(client, backend):
    sign_in(client, EvmWallet())
    user = user_of(client)
    for wallet in (SolanaWallet(), AptosWallet()):
        sign_in(client, wallet, process="connect")

    assert SocialAccount.objects.filter(user_id=user).count() == 3


# --- Refusals ------------------------------------------------------------------------------------


def test_another_key(client, any_wallet, backend):
    other = type(any_wallet)()
    challenge, message = obtain_challenge(client, any_wallet)

    response = answer(client, challenge, **other.prove(message))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert user_of(client) is None


def test_another_text(client, any_wallet, backend):
    challenge, message = obtain_challenge(client, any_wallet)

    response = answer(client, challenge, **any_wallet.prove(message + " "))

    assert page_code(response) == "signature_invalid"


@pytest.mark.parametrize(
    "address",
    ["", "1" * 31, "1" * 45, "0" * 43, "O" * 43, "I" * 43, "l" * 43, "1" * 44, "z" * 44, "x" * 9999,
     "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1"],
)  # fmt: skip
def test_solana_addresses_that_are_none(client, address):
    response = request_challenge(client, SolanaWallet(), address=address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


@pytest.mark.parametrize("address", ["", "0x", "0x" + "g" * 64, "0x" + "0" * 65, "deb6", "0x1"])
def test_aptos_addresses_that_are_none(client, address):
    response = request_challenge(client, AptosWallet(), address=address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


def test_an_aptos_address_in_upper_case_and_without_its_zeros(client, backend):
    wallet = AptosWallet()
    while not wallet.address.startswith("0x0"):
        wallet = AptosWallet()
    short = "0x" + wallet.address[2:].lstrip("0").upper()

    challenge, message = obtain_challenge(client, wallet, address=short)
    answer(client, challenge, **wallet.prove(message))

    assert SocialAccount.objects.get().uid == wallet.address


def test_an_aptos_account_whose_key_was_rotated(client):
    """Which key is an address's now only the chain can tell."""
    response = request_challenge(client, AptosWallet(), address=AptosWallet().address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")
    assert "key was changed" in response.json()["error"]["message"]


@pytest.mark.parametrize("length", [33, 51, 65, 67, 128])
def test_an_aptos_account_with_a_key_of_another_kind(client, length):
    response = request_challenge(client, AptosWallet(), public_key="0x" + "01" * length)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")
    assert "needs several keys" in response.json()["error"]["message"]


def test_an_aptos_key_as_the_sdk_writes_it(client):
    wallet = AptosWallet()

    response = request_challenge(client, wallet, public_key="0x0020" + wallet.public_key[2:])

    assert response.status_code == 200


@pytest.mark.parametrize("key", ["", "0x", "0x" + "0" * 63, "0x" + "g" * 64, "x" * 5000])
def test_aptos_keys_that_are_none(client, key):
    response = request_challenge(client, AptosWallet(), public_key=key)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("key", [None, 5, [], {}])
def test_aptos_keys_of_another_type(client, key):
    assert json_code(request_challenge(client, AptosWallet(), public_key=key)) == "invalid_request"


def test_a_network_that_is_not_offered(client, provider):
    provider["NETWORKS"] = ["evm"]

    assert json_code(request_challenge(client, SolanaWallet())) == "unsupported_network"
    assert json_code(request_challenge(client, AptosWallet())) == "unsupported_network"


def test_by_default_evm_and_solana_are_offered(client, provider):
    del provider["NETWORKS"]

    assert request_challenge(client, SolanaWallet()).status_code == 200
    assert json_code(request_challenge(client, AptosWallet())) == "unsupported_network"


@pytest.mark.parametrize(
    "garble",
    [
        lambda s: "",
        lambda s: s[:-2],
        lambda s: s + "1",
        lambda s: "1" + s,
        lambda s: s.replace(s[5], "0"),
        lambda s: s.replace(s[5], "l"),
        lambda s: "1" * 64,
        lambda s: "z" * 88,
        lambda s: base58_encode(base58_decode(s)[:63]),
        lambda s: base58_encode(base58_decode(s) + b"\0"),
        lambda s: base58_decode(s).hex() + "00",
        lambda s: base58_decode(s).hex()[:-1],
        lambda s: b64encode(base58_decode(s)[:63]).decode(),
        lambda s: b64encode(base58_decode(s)).decode()[:-1],
        lambda s: urlsafe_b64encode(b"\xff" * 64).decode(),
    ],
)
def test_solana_signatures_that_are_none(client, backend, garble):
    wallet = SolanaWallet()
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, garble(wallet.sign(message)) or "0")

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")


@pytest.mark.parametrize(
    "garble",
    [lambda s: s[:-2], lambda s: s + "00", lambda s: "0x" + "zz" * 64, lambda s: "0x" + "00" * 64],
)
def test_aptos_signatures_that_are_none(client, backend, garble):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)
    proof = wallet.prove(message)

    response = answer(client, challenge, garble(proof.pop("signature")), **proof)

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
