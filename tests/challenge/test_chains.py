"""The chain and the address of a challenge request, in the spellings that wallets give."""

import json

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.siwx.wallets import eip55, eip1191
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from ..ceremony import json_code, page_code, post_json

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("chain_id", "said"),
    [
        (1, "1"),
        ("137", "137"),
        ("0x89", "137"),
        ("0X89", "137"),
        (2**53 - 1, "9007199254740991"),
        ("0x1fffffffffffff", "9007199254740991"),
        ("eip155:137", "137"),
        ("eip155:1", "1"),
        (" 137\n", "137"),
        ("\t0x89 ", "137"),
        (" eip155:137 ", "137"),
        ("0x" + "89".zfill(64), "137"),
        ("000137", "137"),
    ],
)
def test_chain_ids_as_wallets_give_them(client, wallet, chain_id, said):
    assert f"\nChain ID: {said}\n" in obtain_challenge(client, wallet, chain_id=chain_id)[1]


SHORT = [
    *(0, -1, 2**53, 2**60, 2**256 - 1, 10**30, 1.0, 137.0, -0.5, True, False, None),
    *("0", "", " ", "0x", "0x0", "0x20000000000000", "1.0", "１", "one", "1e3", "- 1", "1\x00"),
    *("eip155:0", "eip155:", "EIP155:137", "eip155:0x1", "\ud800", "9" * 80),
    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
]


@pytest.mark.parametrize("chain_id", SHORT)
def test_wallet_that_does_not_know_its_chain_is_on_the_first(client, wallet, chain_id):
    assert "\nChain ID: 1\n" in obtain_challenge(client, wallet, chain_id=chain_id)[1]


@pytest.mark.parametrize("chain_id", SHORT)
def test_wallet_that_does_not_know_its_chain_is_refused_where_chains_are_listed(
    client, wallet, provider, chain_id
):
    provider["CHAINS"] = [1, 137]

    response = request_challenge(client, wallet, chain_id=chain_id)

    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1E400"])
def test_numbers_that_no_integer_is_are_the_first_chain(client, wallet, number):
    body = json.dumps({**wallet.described, "chain_id": 0}).replace("0}", number + "}")

    assert "\nChain ID: 1\n" in post_json(client, body).json()["message"]


@pytest.mark.parametrize("chains", [None, [1]])
@pytest.mark.parametrize(
    "chain_id", [[1], {"id": 1}, [], "9" * 400, "1".ljust(81), 2**256, -(10**90)]
)
def test_chain_ids_that_no_wallet_gives(client, wallet, provider, chains, chain_id):
    provider["CHAINS"] = chains

    response = request_challenge(client, wallet, chain_id=chain_id)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_chain_that_is_left_out_is_the_first(client, wallet, provider):
    provider["CHAINS"] = [137]
    assert json_code(request_challenge(client, wallet)) == "unsupported_chain"

    provider["CHAINS"] = [1]
    assert "\nChain ID: 1\n" in obtain_challenge(client, wallet)[1]


def test_blanks_around_every_field_are_taken_off(client, wallet):
    fields = {"process": " login\n", "network": " evm ", "next": "\t/there/ ", "chain_id": " 1 "}
    fields["address"] = f"\n {wallet.address}\r\n"
    challenge, message = obtain_challenge(client, wallet, **fields)

    response = answer(client, f" {challenge}\n", wallet.sign(message))

    assert response["Location"] == "/there/"


# The examples of EIP-1191.
RSK = {
    30: [
        "0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD",
        "0xFb6916095cA1Df60bb79ce92cE3EA74c37c5d359",
    ],
    31: [
        "0x5aAeb6053F3e94c9b9A09F33669435E7EF1BEaEd",
        "0xFb6916095CA1dF60bb79CE92ce3Ea74C37c5D359",
    ],
}


@pytest.mark.parametrize(
    ("chain", "address"), [(chain, each) for chain in RSK for each in RSK[chain]]
)
def test_checksum_of_the_wallets_own_chain_is_taken(client, chain, address):
    told = {"address": address, "chain_id": chain}

    for spelling in (address, eip55(address[2:].lower()), address.lower()):
        text = post_json(client, {**told, "address": spelling}).json()["message"]
        assert text.splitlines()[1] == eip55(address[2:].lower())


@pytest.mark.parametrize("asked", [1, 30, 31, 137])
@pytest.mark.parametrize("chain", RSK)
def test_checksum_of_another_chain_is_refused(client, chain, asked):
    response = post_json(client, {"address": RSK[chain][0], "chain_id": asked})

    assert response.status_code == (200 if asked == chain else 400)
    if asked != chain:
        assert json_code(response) == "invalid_address"


def test_wrong_checksum_is_refused_on_rsk_too(client):
    address = RSK[30][0]
    wrong = address[:6] + address[6].swapcase() + address[7:]

    response = post_json(client, {"address": wrong.replace("EB", "eB"), "chain_id": 30})

    assert json_code(response) == "invalid_address"


def test_wallet_on_rsk_is_the_same_account_as_elsewhere(client, wallet):
    sign_in(client, wallet)
    client.logout()

    spelled = eip1191(wallet.address[2:].lower(), 30)
    sign_in(client, wallet, address=spelled, chain_id="0x1e")

    assert SocialAccount.objects.get().uid == wallet.address


def test_chains_that_are_not_allowed(client, wallet, provider):
    provider["CHAINS"] = [137]

    assert request_challenge(client, wallet, chain_id=137).status_code == 200
    response = request_challenge(client, wallet, chain_id=1)
    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


def test_refused_chain_says_that_the_site_refuses_it(client, wallet, provider):
    provider["CHAINS"] = [137]

    assert (
        "This site does not accept" in request_challenge(client, wallet).json()["error"]["message"]
    )


# Arbitrum, zkSync and Linea, which the service has never listed, and one that is nobody's.
@pytest.mark.parametrize("chain", [42161, 324, 59144, 424242])
@pytest.mark.parametrize("listed", [False, True])
def test_chain_that_the_service_does_not_list_is_judged_here(
    client, wallet, moralis, provider, chain, listed
):
    sign_in(client, wallet, chain_id=1)
    client.logout()
    provider["CHAINS"] = [chain] if listed else None

    challenge, message = obtain_challenge(client, wallet, chain_id=hex(chain))
    assert f"\nChain ID: {chain}\n" in message
    assert answer(client, challenge, wallet.sign(message)).status_code == 302

    row = SocialAccount.objects.get()
    assert row.extra_data["chain_id"] == row.extra_data["verified"]["chainId"] == chain
    assert row.extra_data["verified_by"] == "local"
    assert "profileId" not in row.extra_data["verified"]
    assert list(moralis.requests)[2:] == ["POST /challenge/request/evm"]


def test_wrong_signature_on_a_chain_that_the_service_does_not_list(
    client, wallet, other_wallet, moralis
):
    challenge, message = obtain_challenge(client, wallet, chain_id=42161)

    assert page_code(answer(client, challenge, other_wallet.sign(message))) == "signature_invalid"
    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"


def test_chain_that_the_site_does_not_accept_is_not_asked_about(client, wallet, moralis, provider):
    provider["CHAINS"] = [1]

    assert json_code(request_challenge(client, wallet, chain_id=42161)) == "unsupported_chain"
    assert list(moralis.requests) == []
