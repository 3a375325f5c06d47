"""Solana and Aptos: their addresses, their texts, their signatures, through both backends."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from allauth_moralis.exceptions import InvalidAddress, SignatureInvalid
from allauth_moralis.siwx.encodings import ALPHABET, base58_decode, base58_encode
from allauth_moralis.siwx.proofs import check
from allauth_moralis.siwx.signatures import check_ed25519
from allauth_moralis.siwx.wallets import Challenge, Proof, SignIn, Wallet

from .accounts import AptosAccount, EvmAccount, SolanaAccount
from .ceremony import answer, ask, issued, json_code, page_code, sign_in, user_of

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


@pytest.fixture(autouse=True)
def _every_network(provider):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]


def challenge_of(wallet: Wallet, text: str) -> Challenge:
    asked = SignIn(
        wallet=wallet, domain="localhost", uri="http://localhost:8000/", statement="Please confirm"
    )
    return Challenge(
        asked=asked,
        nonce="n" * 17,
        issued_at="2024-01-01T00:00:00.000Z",
        message=text,
        id="i" * 17,
        profile_id=None,
        issued_by="local",
    )


ACCOUNTS = [EvmAccount, SolanaAccount, AptosAccount, lambda: AptosAccount(single_key=True)]
KINDS = ["evm", "solana", "aptos", "aptos single key"]


@pytest.fixture(params=ACCOUNTS, ids=KINDS)
def any_account(request):
    return request.param()


# --- The main job ----------------------------------------------------------------------------


def test_signing_in_twice_is_one_account(client, any_account, backend):
    assert sign_in(client, any_account)["Location"] == "/accounts/profile/"
    user = user_of(client)
    client.logout()
    sign_in(client, any_account)

    row = SocialAccount.objects.get()
    assert (row.uid, row.user_id, user_of(client)) == (any_account.address, user, user)
    assert row.extra_data["network"] == any_account.network
    assert row.extra_data["verified_by"] == backend
    html = client.get(reverse("moralis_profile")).content.decode()
    assert any_account.address in html
    assert row.get_profile_url() in html.replace("&amp;", "&")


def test_what_was_verified_names_the_network(client, backend):
    sign_in(client, SolanaAccount())
    data = SocialAccount.objects.get().extra_data

    assert data["chain_id"] is None
    assert data["verified"]["network"] == "mainnet"
    assert "chainId" not in data["verified"]


def test_what_was_verified_of_aptos_names_the_key(client, backend):
    account = AptosAccount()
    sign_in(client, account)
    data = SocialAccount.objects.get().extra_data

    assert data["verified"]["publicKey"] == account.public_key
    assert data["message"].startswith("APTOS\nmessage: testserver wants you")


def test_the_stored_text_and_signature_belong_together(client, any_account, backend):
    """Whatever the browser sends along as the text."""
    challenge, message = issued(client, any_account)
    proof = any_account.prove(message)
    if any_account.network != "aptos":
        proof["full_message"] = "I owe Bob a million."

    assert answer(client, challenge, **proof).status_code == 302

    data = SocialAccount.objects.get().extra_data
    assert message in data["message"]
    assert "Bob" not in data["message"]
    assert any_account.sign(data["message"]) == data["signature"]


def test_the_text_of_solana(client, backend):
    account = SolanaAccount()
    message = issued(client, account)[1]

    assert message.startswith(
        f"testserver wants you to sign in with your Solana account:\n{account.address}\n\n"
    )
    assert "\nVersion: 1\nNetwork: mainnet\nNonce: " in message


def test_the_text_of_aptos(client, backend):
    account = AptosAccount()
    message = issued(client, account)[1]

    assert message.startswith(
        f"testserver wants you to sign in with your Aptos account:\n{account.address}\n\n"
    )
    assert "\nVersion: 1\nChain ID: 1\nNonce: " in message


def test_wallets_of_every_network_on_one_account(client, backend):
    sign_in(client, EvmAccount())
    user = user_of(client)
    for account in (SolanaAccount(), AptosAccount()):
        sign_in(client, account, process="connect")

    assert SocialAccount.objects.filter(user_id=user).count() == 3


# --- Refusals --------------------------------------------------------------------------------


def test_another_key(client, any_account, backend):
    other = type(any_account)()
    challenge, message = issued(client, any_account)

    response = answer(client, challenge, **other.prove(message))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert user_of(client) is None


def test_another_text(client, any_account, backend):
    challenge, message = issued(client, any_account)

    response = answer(client, challenge, **any_account.prove(message + " "))

    assert page_code(response) == "signature_invalid"


@pytest.mark.parametrize(
    "address",
    ["", "1" * 31, "1" * 45, "0" * 43, "O" * 43, "I" * 43, "l" * 43, "1" * 44, "z" * 44, "x" * 9999,
     EvmAccount().address],
)  # fmt: skip
def test_solana_addresses_that_are_none(client, address):
    response = ask(client, SolanaAccount(), address=address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


@pytest.mark.parametrize("address", ["", "0x", "0x" + "g" * 64, "0x" + "0" * 65, "deb6", "0x1"])
def test_aptos_addresses_that_are_none(client, address):
    response = ask(client, AptosAccount(), address=address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


def test_an_aptos_address_in_upper_case_and_without_its_zeros(client, backend):
    account = AptosAccount()
    while not account.address.startswith("0x0"):
        account = AptosAccount()
    short = "0x" + account.address[2:].lstrip("0").upper()

    challenge, message = issued(client, account, address=short)
    answer(client, challenge, **account.prove(message))

    assert SocialAccount.objects.get().uid == account.address


def test_an_aptos_account_whose_key_was_rotated(client):
    """Which key is an address's now only the chain can tell."""
    response = ask(client, AptosAccount(), address=AptosAccount().address)

    assert (response.status_code, json_code(response)) == (400, "invalid_address")
    assert "key was changed" in response.json()["error"]["message"]


@pytest.mark.parametrize("key", ["", "0x", "0x" + "0" * 63, "0x" + "g" * 64, "x" * 5000])
def test_aptos_keys_that_are_none(client, key):
    response = ask(client, AptosAccount(), public_key=key)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("key", [None, 5, [], {}])
def test_aptos_keys_of_another_type(client, key):
    assert json_code(ask(client, AptosAccount(), public_key=key)) == "invalid_request"


def test_a_network_that_is_not_offered(client, provider):
    provider["NETWORKS"] = ["evm"]

    assert json_code(ask(client, SolanaAccount())) == "unsupported_network"
    assert json_code(ask(client, AptosAccount())) == "unsupported_network"


def test_by_default_evm_and_solana_are_offered(client, provider):
    del provider["NETWORKS"]

    assert ask(client, SolanaAccount()).status_code == 200
    assert json_code(ask(client, AptosAccount())) == "unsupported_network"


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
    account = SolanaAccount()
    challenge, message = issued(client, account)

    response = answer(client, challenge, garble(account.sign(message)) or "0")

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")


@pytest.mark.parametrize(
    "garble",
    [lambda s: s[:-2], lambda s: s + "00", lambda s: "0x" + "zz" * 64, lambda s: "0x" + "00" * 64],
)
def test_aptos_signatures_that_are_none(client, backend, garble):
    account = AptosAccount()
    challenge, message = issued(client, account)
    proof = account.prove(message)

    response = answer(client, challenge, garble(proof.pop("signature")), **proof)

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")


# --- Aptos' wrapper --------------------------------------------------------------------------


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
    account = AptosAccount()
    challenge, message = issued(client, account)
    lines = lines.format(address=account.address, short="0x" + account.address[2:].lstrip("0"))

    assert answer(
        client, challenge, **account.prove(message, lines=lines, nonce=nonce)
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
    account = AptosAccount()
    challenge, message = issued(client, account)

    response = answer(
        client, challenge, **account.prove(message, lines=lines.format(address=account.address))
    )

    assert page_code(response) == "signature_invalid"


def test_a_wrapper_around_the_text_of_another_challenge(client):
    account = AptosAccount()
    _, earlier = issued(client, account)
    challenge, _ = issued(client, account)

    assert page_code(answer(client, challenge, **account.prove(earlier))) == "signature_invalid"


def test_the_bare_text_is_accepted_too(client, backend):
    account = AptosAccount()
    challenge, message = issued(client, account)

    assert answer(client, challenge, account.sign(message)).status_code == 302


def test_newlines_as_a_browsers_form_sends_them(client):
    account = AptosAccount()
    challenge, message = issued(client, account)
    proof = account.prove(message)
    proof["full_message"] = proof["full_message"].replace("\n", "\r\n")

    assert answer(client, challenge, **proof).status_code == 302


# --- Ed25519 and base58 -----------------------------------------------------------------------


def test_the_solana_vector():
    wallet = Wallet.parse("solana", SolanaAccount(SEED).address)
    assert wallet.address == "FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF"

    check(challenge_of(wallet, SOLANA_TEXT), Proof(signature=SOLANA_SIGNATURE))
    with pytest.raises(SignatureInvalid):
        check(challenge_of(wallet, SOLANA_TEXT + "\n"), Proof(signature=SOLANA_SIGNATURE))


def test_the_aptos_vector():
    account = AptosAccount(SEED)
    wallet = Wallet.parse("aptos", account.address, account.public_key)
    proof = Proof(
        signature=APTOS_SIGNATURE, full_message=f"APTOS\nmessage: {APTOS_TEXT}\nnonce: null"
    )

    check(challenge_of(wallet, APTOS_TEXT), proof)
    with pytest.raises(SignatureInvalid):
        check(challenge_of(wallet, APTOS_TEXT + " "), proof)


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
        Wallet.parse("evm", SolanaAccount().address)
