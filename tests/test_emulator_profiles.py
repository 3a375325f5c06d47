"""Profiles in the stand-in of the Moralis Auth API: which addresses belong together."""

import re
from collections.abc import Iterator

import pytest
import requests

from allauth_moralis.emulator import AuthService, Behaviour, Emulator
from allauth_moralis.emulator.profiles import MAX_ACCOUNTS, Account, Profiles

from .accounts import Account as Wallet
from .accounts import AptosAccount, EvmAccount, SolanaAccount

SOLANA = SolanaAccount()
APTOS = AptosAccount()
WALLETS = {"evm": EvmAccount(), "solana": SOLANA, "aptos": APTOS}
NOT_FOUND = "Challenge not found"
BIND = re.compile(
    r"Please sign this message to bind:\nProfile Ids:\n((?:- 0x[0-9a-f]{64}\n)+)\nwith\n\n"
    r"Address: (\S+)\nNonce: ([A-Za-z0-9]{17})"
)
UNBIND = re.compile(
    r"Please sign this message to unbind:\nAddress: (\S+)\nfrom\n"
    r"Profile Id:\n- (0x[0-9a-f]{64})\nNonce: [A-Za-z0-9]{17}"
)


def call(emulator: Emulator, path: str, body: object = None, *, key: str = "any"):
    method = "GET" if body is None else "POST"
    return requests.request(
        method, emulator.url + path, json=body, headers={"X-API-Key": key}, timeout=10
    )


def refused(response: requests.Response, status: int = 400) -> str | list[str]:
    assert response.status_code == status, response.text
    assert list(response.json()) == ["statusCode", "name", "message"]
    return response.json()["message"]


def done(response: requests.Response, *keys: str) -> dict:
    assert response.status_code == 201, response.text
    assert list(response.json()) == list(keys)
    return response.json()


def named(wallet: Wallet) -> dict[str, str]:
    """An element of ``addresses``."""
    described = {"blockchainType": wallet.network, "address": wallet.address}
    if isinstance(wallet, AptosAccount):
        described["publicKey"] = wallet.public_key
    return described


def profile_of(emulator: Emulator, wallet: Wallet, *, key: str = "any") -> str:
    """As a request for a challenge tells it."""
    fields = {
        **named(wallet),
        "domain": "localhost",
        "uri": "http://localhost/",
        "timeout": 60,
        **({"chainId": "1"} if wallet.network == "evm" else {"network": "mainnet"}),
    }
    response = call(emulator, f"/challenge/request/{wallet.network}", fields, key=key)
    return done(response, "id", "message", "profileId")["profileId"]


def addresses(emulator: Emulator, profile: str, *, key: str = "any") -> list[str]:
    return call(emulator, f"/profile/{profile}/addresses", key=key).json()


def signed(wallet: Wallet, text: str, *, wrapped: bool = False) -> dict[str, str]:
    """An element of ``verifications``."""
    message = wallet.wrap(text) if wrapped else text
    return {"message": message, "signature": wallet.sign(message)}


def texts_to_bind(emulator: Emulator, *wallets: Wallet, key: str = "any") -> list[str]:
    body = {"addresses": [named(wallet) for wallet in wallets]}
    return done(call(emulator, "/bind/request", body, key=key), "messages")["messages"]


def verify_bind(emulator: Emulator, *verifications: dict, key: str = "any") -> requests.Response:
    body = {"verifications": list(verifications)}
    return call(emulator, "/bind/request/verify", body, key=key)


def bound(emulator: Emulator, *wallets: Wallet) -> str:
    texts = texts_to_bind(emulator, *wallets)
    proofs = [signed(wallet, text) for wallet, text in zip(wallets, texts, strict=True)]
    return done(verify_bind(emulator, *proofs), "profileId")["profileId"]


def text_to_unbind(emulator: Emulator, wallet: Wallet, profile: str) -> str:
    body = {**named(wallet), "profileId": profile}
    return done(call(emulator, "/bind/remove", body), "message")["message"]


# --- Round trips -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"), [("evm", "solana"), ("solana", "aptos"), ("aptos", "evm")]
)
def test_bind_and_unbind_of_two_networks(emulator, first, second):
    one, two = WALLETS[first], WALLETS[second]
    before = {profile_of(emulator, one), profile_of(emulator, two)}

    together = bound(emulator, one, two)

    assert re.fullmatch(r"0x[0-9a-f]{64}", together)
    assert together not in before
    assert profile_of(emulator, one) == profile_of(emulator, two) == together
    assert sorted(addresses(emulator, together)) == sorted([one.address, two.address])

    text = text_to_unbind(emulator, one, together)
    alone = done(call(emulator, "/bind/remove/verify", signed(one, text)), "profileId")["profileId"]

    assert alone not in {together, *before}
    assert profile_of(emulator, one) == alone
    assert profile_of(emulator, two) == together
    assert addresses(emulator, alone) == [one.address]
    assert addresses(emulator, together) == [two.address]


def test_verify_tells_the_profile_that_is_in_force_by_then(emulator):
    account = EvmAccount()
    fields = {
        "domain": "localhost",
        "uri": "http://localhost/",
        "timeout": 60,
        "chainId": "1",
        "address": account.address,
    }
    asked = call(emulator, "/challenge/request/evm", fields).json()

    together = bound(emulator, account, SOLANA)

    answer = call(emulator, "/challenge/verify/evm", signed(account, asked["message"])).json()
    assert answer["profileId"] == together != asked["profileId"]


def test_bind_merges_all_addresses_of_both_profiles(emulator):
    four = [EvmAccount() for _ in range(4)]
    bound(emulator, four[0], four[1])
    bound(emulator, four[2], four[3])

    profile = bound(emulator, four[1], four[2])

    assert sorted(addresses(emulator, profile)) == sorted(wallet.address for wallet in four)


def test_texts_to_bind(emulator):
    one, two = WALLETS["evm"], SOLANA

    first, second = map(BIND.fullmatch, texts_to_bind(emulator, one, two))

    assert (first[1], first[2]) == (f"- {profile_of(emulator, two)}\n", one.address)
    assert (second[1], second[2]) == (f"- {profile_of(emulator, one)}\n", two.address)
    assert first[3] == second[3]


def test_texts_to_bind_may_name_both_profiles(emulator):
    emulator.service.behaviour = Behaviour(bind_profiles="both")
    one, two = WALLETS["evm"], SOLANA
    both = f"- {profile_of(emulator, one)}\n- {profile_of(emulator, two)}\n"

    assert [BIND.fullmatch(text)[1] for text in texts_to_bind(emulator, one, two)] == [both, both]


def test_text_to_unbind(emulator):
    profile = profile_of(emulator, SOLANA)

    found = UNBIND.fullmatch(text_to_unbind(emulator, SOLANA, profile))

    assert found.groups() == (SOLANA.address, profile)


def test_addresses_are_spelt_as_they_are_stored(emulator):
    account = EvmAccount()
    body = {"blockchainType": "evm", "address": account.address.lower()}

    response = call(emulator, "/bind/request", {"addresses": [body, named(SOLANA)]})

    assert BIND.fullmatch(response.json()["messages"][0])[2] == account.address


def test_verifications_in_the_other_order(emulator):
    one, two = EvmAccount(), EvmAccount()
    first, second = texts_to_bind(emulator, one, two)

    response = verify_bind(emulator, signed(two, second), signed(one, first))

    assert response.status_code == 201


@pytest.mark.parametrize("lines", ["", "application: http://anywhere.example\nchainId: 1\n"])
def test_the_wrapper_of_an_aptos_wallet(emulator, lines):
    account, other = AptosAccount(), EvmAccount()
    first, second = texts_to_bind(emulator, account, other)
    message = account.wrap(first, lines)
    wrapped = {"message": message, "signature": account.sign(message)}

    profile = done(verify_bind(emulator, wrapped, signed(other, second)), "profileId")["profileId"]

    text = text_to_unbind(emulator, account, profile)
    response = call(emulator, "/bind/remove/verify", signed(account, text, wrapped=True))
    assert response.status_code == 201


# --- Addresses of a profile ------------------------------------------------------------------


def test_status_of_the_addresses(emulator):
    path = f"/profile/{profile_of(emulator, SOLANA)}/addresses"

    assert call(emulator, path).status_code == 201
    emulator.service.behaviour = Behaviour(addresses_status=200)
    assert call(emulator, path).status_code == 200
    assert call(emulator, path + "?chain=eth").json() == [SOLANA.address]


def test_profile_of_nobody(emulator):
    path = "/profile/0x" + "5b" * 32 + "/addresses"

    assert refused(call(emulator, path), 404) == "Profile not found"
    emulator.service.behaviour = Behaviour(unknown_profile="empty")
    assert (call(emulator, path).status_code, call(emulator, path).json()) == (201, [])


@pytest.mark.parametrize(("profile", "word"), [("0x5b", "longer"), ("0x" + "5" * 65, "shorter")])
def test_profile_of_another_length(emulator, profile, word):
    assert refused(call(emulator, f"/profile/{profile}/addresses")) == [
        f"profileId must be {word} than or equal to 66 characters"
    ]


def test_profiles_of_one_customer_are_not_another_s(emulator):
    profile = profile_of(emulator, SOLANA)

    assert refused(call(emulator, f"/profile/{profile}/addresses", key="other"), 404)
    assert profile_of(emulator, SOLANA, key="other") != profile


def test_key_is_asked_for(emulator):
    response = requests.get(emulator.url + "/profile/0x/addresses", timeout=10)

    assert (response.status_code, response.json()) == (401, {"message": "Api Key Not Present"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/bind/request"), ("POST", "/profile/0x/addresses"), ("GET", "/profile//addresses")],
)
def test_paths_that_are_not_there(emulator, method, path):
    headers = {"X-API-Key": "any"}

    response = requests.request(method, emulator.url + path, headers=headers, timeout=10)

    assert refused(response, 404) == f"Cannot {method} {path}"


def test_profiles_are_bounded():
    profiles = Profiles()
    accounts = [Account("customer", "evm", str(number)) for number in range(MAX_ACCOUNTS + 1)]
    for account in accounts:
        profiles.of(account)

    assert profiles.addresses("customer", accounts[0].first_profile) == []
    assert profiles.addresses("customer", accounts[1].first_profile) == ["1"]


# --- Refusals of a body ----------------------------------------------------------------------

TWO = [named(WALLETS["evm"]), named(SOLANA)]
FEW = "addresses must contain at least 2 elements"
FAMILY = "blockchainType must be one of the following values: evm, solana, aptos"


@pytest.mark.parametrize(
    ("addresses", "problems"),
    [
        (None, ["addresses must be an array"]),
        ({"0": TWO[0]}, ["addresses must be an array"]),
        ([], [FEW]),
        (TWO[:1], [FEW]),
        ([*TWO, TWO[0]], ["addresses must contain no more than 2 elements"]),
        (
            ["0x", 5],
            ["each value in nested property addresses must be either object or array"],
        ),
        ([{}, {}], [f"addresses.0.{FAMILY}", f"addresses.1.{FAMILY}"]),
        ([{**TWO[0], "blockchainType": ["evm"]}, TWO[1]], [f"addresses.0.{FAMILY}"]),
        (
            [{"blockchainType": "evm", "address": "0x1"}, TWO[1]],
            ["addresses.0.address must be an Ethereum address"],
        ),
        (
            [TWO[0], {"blockchainType": "aptos", "address": APTOS.address}],
            ["addresses.1.publicKey must be a valid Aptos public key"],
        ),
        ([TWO[0], TWO[0]], ["All addresses's elements must be unique"]),
    ],
    ids=str,
)
def test_bind_of_something_else(emulator, addresses, problems):
    assert refused(call(emulator, "/bind/request", {"addresses": addresses})) == problems


@pytest.mark.parametrize(
    ("verifications", "problems"),
    [
        (None, ["verifications must be an array"]),
        ([{}], ["verifications must contain at least 2 elements"]),
        ([{}] * 3, ["verifications must contain no more than 2 elements"]),
        (
            [{"message": "x", "signature": "0x"}, {"message": 5}],
            [
                "verifications.1.message must be present",
                "verifications.1.signature must be present",
            ],
        ),
    ],
    ids=str,
)
def test_answer_to_bind_that_is_none(emulator, verifications, problems):
    body = {"verifications": verifications}

    assert refused(call(emulator, "/bind/request/verify", body)) == problems


def test_unbind_of_something_else(emulator):
    assert refused(call(emulator, "/bind/remove", {})) == [
        FAMILY,
        "profileId must be longer than or equal to 66 characters",
    ]
    assert refused(call(emulator, "/bind/remove/verify", {})) == [
        "message must be present",
        "signature must be present",
    ]


def test_sentences_of_the_older_validator(emulator):
    emulator.service.behaviour = Behaviour(validator="0.13")

    assert refused(call(emulator, "/bind/request", {"addresses": [{}] * 3})) == [
        "addresses must contain not more than 2 elements"
    ]
    assert refused(call(emulator, "/bind/request", {"addresses": [{}, TWO[0]]})) == [
        "addresses.0.blockchainType must be a valid enum value"
    ]


def test_unbind_from_a_profile_that_is_another_s(emulator):
    body = {**named(SOLANA), "profileId": profile_of(emulator, APTOS)}

    assert refused(call(emulator, "/bind/remove", body)) == (
        "Address does not belong to the profile"
    )


# --- Refusals of an answer -------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[EvmAccount, SolanaAccount]:
    return EvmAccount(), SolanaAccount()


def test_a_wallet_that_signs_the_other_s_text(emulator, pair):
    one, two = pair
    first, second = texts_to_bind(emulator, one, two)

    response = verify_bind(emulator, signed(two, first), signed(one, second))

    assert refused(response) == "Invalid Signature"


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_wrong_signature_of_one_wallet(emulator, pair, wrong):
    texts = texts_to_bind(emulator, *pair)
    proofs = [signed(wallet, text) for wallet, text in zip(pair, texts, strict=True)]
    proofs[wrong] = signed(type(pair[wrong])(), texts[wrong])
    before = [profile_of(emulator, wallet) for wallet in pair]

    assert refused(verify_bind(emulator, *proofs)) == "Invalid Signature"
    assert [profile_of(emulator, wallet) for wallet in pair] == before


def test_one_text_twice(emulator, pair):
    text = texts_to_bind(emulator, *pair)[0]

    assert refused(verify_bind(emulator, *[signed(pair[0], text)] * 2)) == NOT_FOUND


def test_texts_of_two_binds(emulator, pair):
    first = texts_to_bind(emulator, *pair)[0]
    second = texts_to_bind(emulator, *pair)[1]

    response = verify_bind(emulator, signed(pair[0], first), signed(pair[1], second))

    assert refused(response) == NOT_FOUND


def test_texts_that_were_never_given_out(emulator, pair):
    response = verify_bind(emulator, signed(pair[0], "bind"), signed(pair[1], "us"))

    assert refused(response) == NOT_FOUND


def test_text_to_bind_does_not_unbind(emulator, pair):
    text = texts_to_bind(emulator, *pair)[0]

    assert refused(call(emulator, "/bind/remove/verify", signed(pair[0], text))) == NOT_FOUND


def test_text_to_bind_signs_nobody_in(emulator, pair):
    text = texts_to_bind(emulator, *pair)[0]

    assert refused(call(emulator, "/challenge/verify/evm", signed(pair[0], text))) == NOT_FOUND


def test_answer_by_another_customer(emulator, pair):
    texts = texts_to_bind(emulator, *pair)
    proofs = [signed(wallet, text) for wallet, text in zip(pair, texts, strict=True)]

    assert refused(verify_bind(emulator, *proofs, key="other")) == NOT_FOUND
    assert verify_bind(emulator, *proofs).status_code == 201


def test_text_about_a_profile_that_is_no_more(emulator, pair):
    texts = texts_to_bind(emulator, *pair)
    bound(emulator, pair[0], AptosAccount())

    proofs = [signed(wallet, text) for wallet, text in zip(pair, texts, strict=True)]

    assert refused(verify_bind(emulator, *proofs)) == NOT_FOUND


def test_unbind_with_a_wrong_signature(emulator, pair):
    profile = bound(emulator, *pair)
    text = text_to_unbind(emulator, pair[0], profile)

    response = call(emulator, "/bind/remove/verify", signed(EvmAccount(), text))

    assert refused(response) == "Invalid Signature"
    assert profile_of(emulator, pair[0]) == profile


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(clock: Clock) -> Iterator[Emulator]:
    with Emulator(AuthService(clock=clock)) as running:
        yield running


@pytest.mark.parametrize(("later", "status"), [(120, 201), (121, 400)])
def test_texts_time_out(timed, clock, pair, later, status):
    texts = texts_to_bind(timed, *pair)
    proofs = [signed(wallet, text) for wallet, text in zip(pair, texts, strict=True)]
    clock.now += later

    assert verify_bind(timed, *proofs).status_code == status


def test_texts_are_used_up(emulator, pair):
    profile = bound(emulator, *pair)
    proof = signed(pair[0], text_to_unbind(emulator, pair[0], profile))

    assert call(emulator, "/bind/remove/verify", proof).status_code == 201
    assert refused(call(emulator, "/bind/remove/verify", proof)) == NOT_FOUND


def test_of_two_answers_at_once_one_is_taken():
    service = AuthService()
    pair = EvmAccount(), EvmAccount()
    body = {"addresses": [named(wallet) for wallet in pair]}
    _, answer = service.handle("POST", "/bind/request", "any", body)
    proofs = [signed(*each) for each in zip(pair, answer["messages"], strict=True)]

    def meanwhile(*judged: object) -> None:
        """The other answer is judged at the same time, and comes first."""
        service.binding.ceremonies.clear()

    status, answer = service.handle(
        "POST", "/bind/request/verify", "any", {"verifications": proofs}, judge=meanwhile
    )

    assert (status, answer["message"]) == (400, NOT_FOUND)
