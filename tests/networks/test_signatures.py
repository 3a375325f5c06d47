"""Signatures of Solana and Aptos."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from allauth_moralis.exceptions import InvalidAddress, SignatureInvalid
from allauth_moralis.siwx.encodings import ALPHABET, base58_decode, base58_encode
from allauth_moralis.siwx.proofs import check
from allauth_moralis.siwx.signatures import check_ed25519
from allauth_moralis.siwx.wallets import Challenge, MessageFields, Proof, Wallet
from allauth_moralis.testing import (
    AptosWallet,
    SolanaWallet,
    answer,
    obtain_challenge,
)

from ..ceremony import page_code

pytestmark = pytest.mark.django_db

# Vectors made with a public key for tests, the seed 000102…1f.
SEED = SigningKey(bytes(range(32)))


SOLANA_TEXT = (
    "localhost wants you to sign in with your Solana account:\n"
    "FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF\n\nPlease confirm\n\n"
    "URI: http://localhost:8000/\nVersion: 1\nNetwork: mainnet\nNonce: PYxxb9msdjVXsMQ9x\n"
    "Issued At: 2024-01-01T00:00:00.000Z"
)
SOLANA_SIGNATURE = (
    "4k7H3JmvUhgtcBap69swYuFf3xq13ceWqddC8kzX7fS95YZ3ZQzeRwgxffbrsk8vKfMrfzZTjPJSffTAe1bbBv66"
)
APTOS_TEXT = (
    "localhost wants you to sign in with your Aptos account:\n"
    "0xdeb6bc1848ba9de44f8ebd4009dd666fe46ac921246500c18476dd1b96f1cb3a\n\nPlease confirm\n\n"
    "URI: http://localhost:8000/\nVersion: 1\nChain ID: 1\nNonce: 3c00srSBbEfdOwn4M\n"
    "Issued At: 2024-01-01T00:00:00.000Z"
)
APTOS_SIGNATURE = (
    "0x2a26f0c5c64b3c6fb741d687244ef8c549a39d3f80383d024cbbac7258fe6d01"
    "8082c299bda2cc7c36dbcea8d8ddda4f666467efcbf939794b0543ec3c46440a"
)


# The group's order, and points of small order, for which a signature needs no key (RFC 8032).
ORDER = 2**252 + 27742317777372353535851937790883648493


SMALL_ORDER = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


def challenge_of(wallet: Wallet, text: str) -> Challenge:
    fields = MessageFields(
        wallet=wallet, domain="localhost", uri="http://localhost:8000/", statement="Please confirm"
    )
    return Challenge(
        fields=fields,
        nonce="n" * 17,
        issued_at="2024-01-01T00:00:00.000Z",
        message=text,
        id="i" * 17,
        profile_id=None,
        issued_by="local",
    )


# --- Aptos' wrapper ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "address: {address}\n",
        "address: {short}\n",
        "application: http://testserver\n",
        "application: http://testserver/\n",
        "chainId: 1\n",
        "address: {address}\napplication: http://testserver\nchainId: 1\n",
    ],
)
@pytest.mark.parametrize("nonce", ["null", "1", "a b", ""])
def test_wrappers_of_every_wallet(client, lines, nonce):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)
    lines = lines.format(address=wallet.address, short="0x" + wallet.address[2:].lstrip("0"))

    assert answer(
        client, challenge, **wallet.prove(message, lines=lines, nonce=nonce)
    ).status_code == (302)


@pytest.mark.parametrize(
    "lines",
    [
        "address: 0x1\n",
        "application: http://evil.example\n",
        "application: http://testserver.evil.example\n",
        "chainId: 1\nevil: yes\n",
        "message: another\n",
        "chainId: 1\naddress: {address}\n",
        "chainId: 2\n",
        "chainId: 0\n",
        "chainId: 01\n",
        "chainId: 1 \n",
        "chainId: mainnet\n",
        "chainId: " + "9" * 3000 + "\n",
    ],
)
def test_wrappers_about_something_else(client, lines):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)

    response = answer(
        client, challenge, **wallet.prove(message, lines=lines.format(address=wallet.address))
    )

    assert page_code(response) == "signature_invalid"


def test_a_wrapper_around_the_text_of_another_challenge(client):
    wallet = AptosWallet()
    _, earlier = obtain_challenge(client, wallet)
    challenge, _ = obtain_challenge(client, wallet)

    assert page_code(answer(client, challenge, **wallet.prove(earlier))) == "signature_invalid"


def test_the_bare_text_is_accepted_too(client, backend):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)

    assert answer(client, challenge, wallet.sign(message)).status_code == 302


def test_newlines_as_a_browsers_form_sends_them(client):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)
    proof = wallet.prove(message)
    proof["full_message"] = proof["full_message"].replace("\n", "\r\n")

    assert answer(client, challenge, **proof).status_code == 302


# --- Ed25519 and base58 --------------------------------------------------------------------------


def test_the_solana_vector():
    wallet = Wallet.parse("solana", SolanaWallet(SEED).address)
    assert wallet.address == "FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF"

    check(challenge_of(wallet, SOLANA_TEXT), Proof(signature=SOLANA_SIGNATURE))
    with pytest.raises(SignatureInvalid):
        check(challenge_of(wallet, SOLANA_TEXT + "\n"), Proof(signature=SOLANA_SIGNATURE))


def test_the_aptos_vector():
    wallet = AptosWallet(SEED)
    parsed = Wallet.parse("aptos", wallet.address, wallet.public_key)
    proof = Proof(
        signature=APTOS_SIGNATURE, full_message=f"APTOS\nmessage: {APTOS_TEXT}\nnonce: null"
    )

    check(challenge_of(parsed, APTOS_TEXT), proof)
    with pytest.raises(SignatureInvalid):
        check(challenge_of(parsed, APTOS_TEXT + " "), proof)


@pytest.mark.parametrize("key", SMALL_ORDER, ids=bytes.hex)
@pytest.mark.parametrize("r", SMALL_ORDER[:2], ids=bytes.hex)
def test_keys_of_small_order_for_which_anybody_can_sign(key, r):
    with pytest.raises(SignatureInvalid):
        check_ed25519(b"any text", r + bytes(32), key)


def test_the_twin_of_a_signature_with_the_order_added():
    signature = SEED.sign(b"text").signature
    s = int.from_bytes(signature[32:], "little") + ORDER
    twin = signature[:32] + s.to_bytes(32, "little")

    check_ed25519(b"text", signature, bytes(SEED.verify_key))
    with pytest.raises(SignatureInvalid):
        check_ed25519(b"text", twin, bytes(SEED.verify_key))


@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_ed25519_signatures_of_another_length(length):
    with pytest.raises(SignatureInvalid):
        check_ed25519(b"text", bytes(length), bytes(SEED.verify_key))


@given(st.binary(max_size=64))
def test_base58_there_and_back(data):
    assert base58_decode(base58_encode(data)) == data


@given(st.text(ALPHABET, max_size=64))
def test_base58_back_and_there(text):
    assert base58_encode(base58_decode(text)) == text


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " ", "é", "1 1"])
def test_characters_that_are_not_of_base58(text):
    with pytest.raises(ValueError, match="substring not found"):
        base58_decode(text)


def test_a_wallet_of_one_network_is_none_of_another():
    with pytest.raises(InvalidAddress):
        Wallet.parse("evm", SolanaWallet().address)
