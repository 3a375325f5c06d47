"""Contract wallets of the development wallet, on a chain of this machine."""

import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.development import contracts, keys
from allauth_moralis.testing import answer

from .chain.artifacts import plan
from .chain.demo import described
from .chain.evm import Chain
from .test_development_wallet import SIGN, WALLETS, ask_to_sign, post, refused

CHAIN_ID = 31337
NAMES = ["Ada's contract", "Ada's next contract"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.urls_development"),
    pytest.mark.usefixtures("state", "on_this_machine"),
]


@pytest.fixture
def local() -> Client:
    return Client(SERVER_NAME="localhost", SERVER_PORT="8000")


@pytest.fixture
def node(provider, on_this_machine):
    """A node of a chain with two wallets of Ada's, which the site and the wallet know."""
    chain, ada = Chain(CHAIN_ID), keys.accounts()[0]
    factory = chain.deploy("Factory")
    deployed, planned = (
        plan(factory, "Owner", ada.address, salt=bytes([number]) * 32) for number in range(2)
    )
    chain.send(deployed.factory, deployed.data)
    contracts.remember(ada, [described(deployed), described(planned, is_deployed=False)])
    with chain.serve() as node:
        provider["RPC"] = {CHAIN_ID: node.url}
        yield node


def challenge_for(client: Client, wallet: keys.Account, chain_id: object) -> tuple[str, str]:
    fields = {"network": "evm", "address": wallet.address, "chain_id": chain_id}
    data = post(client, "/accounts/moralis/challenge/", fields).json()
    return data["challenge"], data["message"]


def offered(client: Client) -> list[dict]:
    return post(client, WALLETS, {}).json()["accounts"][len(keys.NAMES) :]


@pytest.mark.parametrize("number", [0, 1], ids=["deployed", "not deployed"])
def test_a_contract_wallet_signs_in(local, node, number):
    account, told = contracts.accounts()[number], offered(local)[number]
    assert told == {"name": NAMES[number], "address": account.address, "chain_id": "0x7a69"}
    handle, message = challenge_for(local, account, told["chain_id"])

    signature = ask_to_sign(local, account, message).json()["signature"]

    assert answer(local, handle, signature)["Location"] == "/accounts/profile/"
    assert SocialAccount.objects.get().uid == f"eip155:{CHAIN_ID}:{account.address}"


def test_a_contract_signs_for_its_own_chain_alone(local, node):
    account = contracts.accounts()[0]
    _, message = challenge_for(local, account, 1)

    assert refused(ask_to_sign(local, account, message), 403, "challenge_missing")


def test_its_owner_signs_nothing_in_the_contracts_name(local, node):
    _, message = challenge_for(local, contracts.accounts()[0], CHAIN_ID)
    body = {"address": keys.accounts()[0].address, "message": message}

    assert refused(post(local, SIGN, body), 403, "challenge_missing")


def test_without_a_node_of_their_chain_none_are_offered(local, node, provider):
    provider["RPC"] = {1: node.url}

    assert offered(local) == []


def test_another_copy_of_the_site_does_not_offer_them(local, node, monkeypatch, tmp_path):
    monkeypatch.setattr(keys, "_copy", lambda: tmp_path)

    assert offered(local) == []


def test_they_are_forgotten_with_the_chain(local, node, state):
    contracts.forget()
    contracts.forget()

    assert offered(local) == []
    assert [path.name for path in (state / "allauth_moralis").iterdir()] == [
        "development-wallet.key"
    ]


def test_what_is_remembered_has_no_key_in_it(node, state):
    [file] = (state / "allauth_moralis").glob("*.json")

    fields = {name for _, wallet in json.loads(file.read_text()) for name in wallet}
    assert fields == {"name", "contract", "chain_id", "factory", "data"}
