"""The name of an address, asked of ENS on a chain."""

import pytest

from allauth_moralis.ethereum import ens, rpc
from allauth_moralis.siwx.signatures import keccak256
from allauth_moralis.siwx.wallets import Wallet

from ..chain.artifacts import call
from ..faulty import Faulty, http

ADDRESS = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def lookup(address: str = ADDRESS) -> str:
    session = rpc.session(ens.CHAIN_ID)
    assert session
    return ens.primary_name(session, address)


def test_selector_is_that_of_the_function():
    assert keccak256(b"reverse(bytes,uint256)")[:4] == ens.REVERSE


@pytest.mark.parametrize("name", ["ada.eth", "🦊.eth"])
def test_a_name_that_leads_back_is_found_by_one_call(node, give_name, name):
    give_name(ADDRESS, name)

    assert lookup() == name
    assert node.methods == ["eth_chainId", "eth_call"]
    transaction, block = node.calls[1].params
    assert (transaction["to"], block) == (ens.UNIVERSAL_RESOLVER, "latest")


def test_an_address_without_a_name(node):
    assert lookup() == ""


def test_a_name_that_leads_to_another_address(node, give_name):
    give_name(ADDRESS, "vitalik.eth", leads_to=OTHER)

    assert lookup() == ""


def test_a_name_that_cannot_be_shown(node, give_name):
    give_name(ADDRESS, "vit\u0430lik.eth")

    assert lookup() == ""


def test_a_name_that_is_no_text(node, give_name):
    give_name(ADDRESS, b"\xff\xfe.eth")

    assert lookup() == ""


def test_a_name_that_is_kept_elsewhere_is_not_fetched(node, chain, give_name):
    give_name(ADDRESS, "ada.eth")
    with Faulty(lambda peer: peer.send(http({"data": "0x"}, "200 OK"))) as elsewhere:
        url = f"{elsewhere.url}/{{sender}}/{{data}}"
        chain.send(ens.UNIVERSAL_RESOLVER, call("moveOffChain(string,string)", "ada.eth", url))

        assert lookup() == ""

    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "contract",
    ["Silent", "SaysTrue", "EchoPrefix", "Denies", "HugeAnswer", "Invalid", "Loops", "NoFunction"],
)
def test_a_contract_that_is_not_ens(node, chain, contract):
    chain.set_code(ens.UNIVERSAL_RESOLVER, chain.code(chain.deploy(contract)))

    assert lookup() == ""


def test_a_chain_without_ens(node, chain):
    chain.set_code(ens.UNIVERSAL_RESOLVER, b"")

    assert lookup() == ""


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (ADDRESS, True),
        (f"eip155:1:{ADDRESS}", True),
        (f"eip155:8453:{ADDRESS}", False),
        ("0x" + "g" * 40, False),
        ("0x" + "a" * 64, False),  # of Aptos
        ("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T", False),
        ("", False),
    ],
)
def test_wallets_that_can_have_a_name(uid, expected):
    assert ens.can_have_name(Wallet.from_uid(uid)) is expected
