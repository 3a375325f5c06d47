"""What wallets really write: each spelling of a signature, of an address and of a chain.

On the pages and through ``allauth.headless``, and what comes of it in one spelling.
"""

import json
from base64 import b64encode

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from allauth_moralis.exceptions import ContractWalletUnsupported, SignatureInvalid
from allauth_moralis.siwx import signatures
from allauth_moralis.siwx.encodings import base58_decode, base58_encode
from allauth_moralis.siwx.offchain import SIGNING_DOMAIN
from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, answer, obtain_challenge

from .ceremony import page_code, user_of

pytestmark = pytest.mark.django_db

ERC8010 = "8010" * 16


def of_page(wallet, spell, **fields) -> str | None:
    """Sign in on the pages, with the signature spelled anew; the refusal's code, or ``None``."""
    client = Client()
    challenge, message = obtain_challenge(client, wallet)
    proof = wallet.prove(message)
    response = answer(client, challenge, spell(proof.pop("signature")), **{**proof, **fields})
    if response.status_code == 302:
        assert user_of(client)
        return None
    assert user_of(client) is None
    return page_code(response)


def of_application(wallet, spell, **fields) -> str | None:
    """The same through ``allauth.headless``."""
    client, base = Client(), "/_allauth/browser/v1/auth/provider/"

    def post(path, data):
        return client.post(base + path, json.dumps(data), content_type="application/json").json()

    data = post("moralis/challenge", wallet.described)["data"]
    proof = {**wallet.prove(data["message"]), **fields}
    token = {**proof, "challenge": data["challenge"], "signature": spell(proof["signature"])}
    response = post(
        "token",
        {"provider": "moralis", "process": "login", "token": {"id_token": json.dumps(token)}},
    )
    return None if response["status"] == 200 else response["errors"][0]["code"]


@pytest.fixture(autouse=True)
def _every_network(provider):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]


@pytest.fixture(params=[of_page, of_application], ids=["page", "application"])
def attempt(request):
    """Sign in; ``None``, or the refusal's code."""
    return request.param


def v_of(base):
    """The same signature whose last byte counts from ``base``."""
    return lambda s: s[:-2] + f"{base + int(s[-2:], 16) - 27:02x}"


def compact(s: str) -> str:
    """EIP-2098."""
    parity = int(s[-2:], 16) - 27
    return s[:66] + f"{int(s[66:68], 16) | parity << 7:02x}" + s[68:130]


EVM = {
    "without its prefix": lambda s: s[2:],
    "prefix in upper case": lambda s: "0X" + s[2:],
    "upper case": lambda s: "0x" + s[2:].upper(),
    "blanks around": lambda s: f" \t{s}\r\n",
    "v of 0 and 1": v_of(0),
    "v of chain 0": v_of(35),
    "v of chain 1": v_of(37),
    "v of chain 56": v_of(147),
    "v of chain 109": v_of(253),
    "EIP-2098": compact,
    "EIP-2098 without its prefix": lambda s: compact(s)[2:],
}


@pytest.mark.parametrize("spell", EVM.values(), ids=EVM)
def test_evm_signature_is_taken_and_stored_in_one_spelling(attempt, wallet, backend, spell):
    assert attempt(wallet, spell) is None

    data = SocialAccount.objects.get().extra_data
    assert data["signature"] == wallet.sign(data["message"])


CONTRACTS = {
    "of a Safe that signed on its chain": lambda s: "0x",
    "one byte more": lambda s: s + "00",
    "two bytes less": lambda s: s[:-4],
    "one byte": lambda s: "0x00",
    "of two owners": lambda s: s + s[2:],
    "ERC-6492": lambda s: s + "00" * 63 + "6492" * 16,
    "ERC-8010": lambda s: s + "00" * 96 + ERC8010,
    "ERC-8010 as long as a key's": lambda s: s[: 2 + 66] + ERC8010,
    "as long as it may be": lambda s: "0x" + "ab" * 8191,
}


@pytest.mark.parametrize("spell", CONTRACTS.values(), ids=CONTRACTS)
def test_signature_of_a_smart_wallet_is_refused_by_its_own_code(attempt, wallet, backend, spell):
    assert attempt(wallet, spell) == "contract_wallet_unsupported"
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("spell", [lambda s: "0x" + "ab" * 8192, lambda s: "z" * 16_385])
def test_signature_that_is_longer_than_any_is_no_request(attempt, wallet, spell):
    assert attempt(wallet, spell) == "invalid_request"


@pytest.mark.parametrize("spell", [lambda s: "z" * 16_384, lambda s: "0x" + "a" * 16_381])
def test_long_signature_that_is_no_hex_is_invalid(attempt, wallet, spell):
    assert attempt(wallet, spell) == "signature_invalid"


@pytest.mark.parametrize("code", ["contract_wallet_unsupported", "signature_invalid"])
def test_refusal_names_smart_wallets(client, wallet, code):
    challenge, _ = obtain_challenge(client, wallet)
    spoiled = {"contract_wallet_unsupported": "0x00", "signature_invalid": wallet.sign("other")}

    response = answer(client, challenge, spoiled[code])

    assert page_code(response) == code
    assert response.status_code == (400 if code.startswith("contract") else 401)
    assert "mart wallet" in response.content.decode()


def test_application_that_confirms_may_send_a_long_signature(client, wallet):
    base = "/_allauth/browser/v1/auth/provider/"

    def post(path, data):
        return client.post(base + path, json.dumps(data), content_type="application/json").json()

    challenge, message = obtain_challenge(client, wallet)
    answer(client, challenge, wallet.sign(message))
    data = post("moralis/challenge", {**wallet.described, "process": "reauthenticate"})["data"]

    refused = post(
        "moralis/reauthenticate",
        {"challenge": data["challenge"], "signature": "0x" + "ab" * 8191, "more": "x" * 3900},
    )

    assert refused["errors"][0]["code"] == "contract_wallet_unsupported"


def test_challenge_request_stays_below_sixteen_kibibytes(client, wallet):
    body = json.dumps({**wallet.described, "more": "x" * 16_384})

    for url in (
        "/accounts/moralis/challenge/",
        "/_allauth/browser/v1/auth/provider/moralis/challenge",
    ):
        response = client.post(url, body, content_type="application/json")
        assert response.status_code == 400
        assert "invalid_request" in response.content.decode()


@given(st.binary(max_size=200), st.sampled_from(["", "0x"]))
def test_any_bytes_are_one_of_the_two_refusals(raw, prefix):
    refusals = (SignatureInvalid, ContractWalletUnsupported)
    with pytest.raises(refusals):
        signatures.check_evm("text", prefix + raw.hex(), EvmWallet().address)


# --- Solana -----------------------------------------------------------------------------------

SOLANA = {
    "hex": lambda s: base58_decode(s).hex(),
    "hex with its prefix": lambda s: "0x" + base58_decode(s).hex(),
    "hex in upper case": lambda s: base58_decode(s).hex().upper(),
    "base64": lambda s: b64encode(base58_decode(s)).decode(),
    "base64 without padding": lambda s: b64encode(base58_decode(s)).decode().rstrip("="),
    "blanks around": lambda s: f"\n {s} \r\n",
}


@pytest.mark.parametrize("spell", SOLANA.values(), ids=SOLANA)
def test_solana_signature_is_taken_and_stored_in_base58(attempt, backend, spell):
    wallet = SolanaWallet()

    assert attempt(wallet, spell) is None

    data = SocialAccount.objects.get().extra_data
    assert data["signature"] == wallet.sign(data["message"])
    assert "envelope" not in data


def length(text):
    return len(text).to_bytes(2, "little")


ENVELOPES = (
    {
        f"version 0, format {kind}": lambda text, key, kind=kind: (
            SIGNING_DOMAIN + bytes([0, *bytes(32), kind, 1]) + key + length(text) + text
        )
        for kind in range(3)
    }
    | {
        f"first form, format {kind}": lambda text, key, kind=kind: (
            SIGNING_DOMAIN + bytes([0, kind]) + length(text) + text
        )
        for kind in range(3)
    }
    | {
        "version 1": lambda text, key: SIGNING_DOMAIN + bytes([1, 1]) + key + text,
        "version 1 with a length": lambda text, key: (
            SIGNING_DOMAIN + bytes([1, 1]) + key + length(text) + text
        ),
    }
)


def ledger(wrap) -> SolanaWallet:
    """A device that signs ``wrap(text, key)`` and no bare text."""

    class Device(SolanaWallet):
        def sign(self, message):
            signed = wrap(message.encode(), bytes(self.key.verify_key))
            return base58_encode(self.key.sign(signed).signature)

    return Device()


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
def test_text_in_an_envelope_of_a_hardware_wallet_is_taken(attempt, backend, wrap):
    wallet = ledger(wrap)

    assert attempt(wallet, str) is None

    data = SocialAccount.objects.get().extra_data
    assert data["verified_by"] == "local"
    assert ("profileId" in data["verified"]) == (backend == "moralis")
    # What is stored can be checked again.
    signatures.check_ed25519(
        bytes.fromhex(data["envelope"]) + data["message"].encode(),
        base58_decode(data["signature"]),
        base58_decode(wallet.address),
    )


def test_service_is_not_asked_about_an_envelope(moralis):
    assert of_page(ledger(ENVELOPES["version 1"]), str) is None

    assert list(moralis.requests) == ["POST /challenge/request/solana"]


WRONG_ENVELOPES = {
    "another text": lambda text, key: ENVELOPES["version 1"](text + b" ", key),
    "another signer": lambda text, key: ENVELOPES["version 1"](text, key[::-1]),
    "two signers": lambda text, key: SIGNING_DOMAIN + bytes([1, 2]) + key + key + text,
    "another version": lambda text, key: SIGNING_DOMAIN + bytes([2, 1]) + key + text,
    "another domain": lambda text, key: b"\xffsolana onchain" + bytes([1, 1]) + key + text,
    "for another application": lambda text, key: (
        SIGNING_DOMAIN + bytes([0, *b"x" * 32, 0, 1]) + key + length(text) + text
    ),
    "another length": lambda text, key: SIGNING_DOMAIN + bytes([0, 0, 1, 0]) + text,
    "an envelope within an envelope": lambda text, key: ENVELOPES["version 1"](
        ENVELOPES["version 1"](text, key), key
    ),
    "a prefix alone": lambda text, key: SIGNING_DOMAIN + text,
}


@pytest.mark.parametrize("wrap", WRONG_ENVELOPES.values(), ids=WRONG_ENVELOPES)
def test_envelope_that_says_another_thing_is_refused(attempt, wrap):
    assert attempt(ledger(wrap), str) == "signature_invalid"
    assert not SocialAccount.objects.exists()


# --- Aptos ------------------------------------------------------------------------------------

APTOS = {
    "of the SDK": lambda s: "0x0040" + s[2:],
    "of the SDK without its prefix": lambda s: "0040" + s[2:],
    "upper case": lambda s: "0x" + s[2:].upper(),
    "without its prefix": lambda s: s[2:],
    "blanks around": lambda s: f" {s}\n",
}


@pytest.mark.parametrize("spell", APTOS.values(), ids=APTOS)
def test_aptos_signature_is_taken_and_stored_in_one_spelling(attempt, backend, spell):
    wallet = AptosWallet()

    assert attempt(wallet, spell) is None

    data = SocialAccount.objects.get().extra_data
    assert data["signature"] == wallet.sign(data["message"])


@pytest.mark.parametrize(
    "spell",
    [
        lambda s: "0x0140" + s[2:],
        lambda s: "0x0041" + s[2:],
        lambda s: "0x00" + s[2:],
        lambda s: "0x0040" + s[2:-2],
        lambda s: "0x00400040" + s[2:],
    ],
)
def test_aptos_signature_of_another_kind_is_refused(attempt, spell):
    assert attempt(AptosWallet(), spell) == "signature_invalid"
