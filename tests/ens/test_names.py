"""The endpoint that tells a page the names of the viewer's own wallets."""

import pytest
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import SolanaWallet, sign_in

from .common import URL, link, names

pytestmark = pytest.mark.django_db


def test_names_of_ones_own_wallets(client, wallet, other_wallet, node, give_name):
    give_name(wallet.address, "ada.eth")
    give_name(other_wallet.address, "grace.eth")
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)
    assert node.calls == []  # no sign-in asks for a name

    assert names(client) == {wallet.address: "ada.eth"}


def test_wallets_of_other_networks_and_contracts_of_other_chains_have_none(
    client, wallet, node, give_name
):
    give_name(wallet.address, "ada.eth")
    sign_in(client, SolanaWallet())
    link(1, uid=f"eip155:8453:{wallet.address}")

    assert names(client) == {}
    assert node.calls == []


def test_a_contract_of_this_chain_has_one(client, wallet, node, give_name):
    give_name(wallet.address, "treasury.eth")
    sign_in(client, SolanaWallet())
    uid = link(1, uid=f"eip155:1:{wallet.address}")

    assert names(client) == {uid: "treasury.eth"}


def test_visitors_sign_in_first(client, node):
    response = client.get(URL)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_it_is_only_there_where_names_are_shown(client, wallet, node, provider):
    sign_in(client, wallet)
    provider["ENS"] = False
    assert client.get(URL).status_code == 404
    del provider["ENS"]
    provider["RPC"] = {8453: node.url}
    assert client.get(URL).status_code == 404

    assert node.calls == []


def test_nothing_can_be_posted(client, wallet, node):
    sign_in(client, wallet)

    assert client.post(URL).status_code == 405
