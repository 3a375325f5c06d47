"""What operators and other programs see of a contract wallet."""

import logging
import re
from dataclasses import replace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.signals import user_login_failed
from django.test import Client

from allauth_moralis.signals import wallet_verified
from allauth_moralis.siwx.wallets import EVM, SOLANA, Wallet
from allauth_moralis.testing import EvmWallet, SolanaWallet, answer, obtain_challenge, sign_in
from allauth_moralis.testing.factories import create_wallet_user, link_wallet

from ..importing.common import links, run, tutorial_user
from ..test_admin import LIST, cell, change_url, field
from ..test_testing_kit import stored
from .conftest import BASE, UNNAMED

pytestmark = pytest.mark.django_db


# --- The uid ----------------------------------------------------------------------------------


def test_wallet_is_read_from_its_uid(unverified):
    contract = Wallet(EVM, unverified.address, chain_id=BASE)

    assert contract.uid == f"eip155:{BASE}:{unverified.address}"
    for wallet in (
        contract,
        Wallet(EVM, unverified.address),
        Wallet(SOLANA, SolanaWallet().address),
    ):
        assert Wallet.from_uid(wallet.uid) == wallet


@pytest.mark.parametrize(
    "uid",
    ["eip155:0:{}", "eip155:1:{}0", "eip155::{}", "eip155:x:{}", "EIP155:1:{}", "eip155:1 :{}"],
)
def test_uid_that_is_no_account_id_has_no_chain(unverified, uid):
    assert Wallet.from_uid(uid.format(unverified.address)).chain_id is None


# --- Events -----------------------------------------------------------------------------------


def test_log_and_signal_say_contract(client, owned, caplog):
    caplog.set_level(logging.INFO, logger="allauth_moralis")
    told = []

    def receive(verified, **_kwargs):
        told.append(verified)

    wallet_verified.connect(receive)
    sign_in(client, owned)
    wallet_verified.disconnect(receive)

    short = f"{owned.address[:6]}…{owned.address[-4:]}"
    line = caplog.messages[-1]
    assert line.startswith(f"wallet_verified evm {short} (by contract) upstream_ms=")
    assert told[0].verified_by == "contract"
    assert told[0].wallet == Wallet(EVM, owned.address, chain_id=1)


def test_failed_sign_in_is_told_of_by_the_bare_address(client, owned):
    told = []

    def receive(credentials, **_kwargs):
        told.append(credentials)

    user_login_failed.connect(receive)
    challenge, message = obtain_challenge(client, owned)
    answer(client, challenge, EvmWallet().sign(message))
    user_login_failed.disconnect(receive)

    assert [each["uid"] for each in told] == [owned.address]


# --- The admin --------------------------------------------------------------------------------


@pytest.fixture
def staff(client, django_user_model) -> Client:
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    return client


def listed(staff, **query) -> str:
    return staff.get(LIST, query).content.decode()


def test_admin_shows_the_chain_and_who_verified(staff, unverified):
    create_wallet_user(unverified)

    html = listed(staff)

    assert cell(html, "uid") == unverified.uid
    assert cell(html, "wallet_network") == "evm"
    assert cell(html, "wallet_chain") == "Base (8453)"
    assert cell(html, "wallet_verified_by") == "the wallet&#x27;s contract"
    assert f'href="https://basescan.org/address/{unverified.address}"' in html
    page = staff.get(change_url(SocialAccount.objects.get())).content.decode()
    assert field(page, "uid") == unverified.uid
    assert field(page, "wallet_chain") == "Base (8453)"


def test_admin_shows_the_number_of_a_chain_without_a_name(staff, unverified):
    create_wallet_user(replace(unverified, chain_id=UNNAMED))

    assert cell(listed(staff), "wallet_chain") == "31337"


@pytest.mark.parametrize(
    "spell",
    [
        lambda wallet: wallet.address,
        lambda wallet: wallet.address.lower(),
        lambda wallet: wallet.address[2:].upper(),
        lambda wallet: wallet.uid,
        lambda wallet: f"eip155:{wallet.chain_id}:",
    ],
    ids=["address", "lower", "upper without 0x", "account id", "chain"],
)
def test_admin_finds_it_by_its_address_and_its_account_id(staff, unverified, other_wallet, spell):
    create_wallet_user(unverified)
    create_wallet_user(other_wallet)

    assert cell(listed(staff, q=spell(unverified)), "uid") == unverified.uid


@pytest.mark.parametrize("kind", ["contract", "key"])
def test_admin_lists_one_kind_of_wallet(staff, unverified, wallet, kind, settings):
    settings.SOCIALACCOUNT_SOCIALACCOUNT_STR = None  # the demo's asks for an app of that provider
    user = create_wallet_user(unverified)
    link_wallet(user, wallet)
    SocialAccount.objects.create(user=user, provider="github", uid="eip155:4711")

    html = listed(staff, wallet_kind=kind)

    assert cell(html, "uid") == (unverified if kind == "contract" else wallet).uid


# --- The testing kit --------------------------------------------------------------------------


def test_factories_store_what_a_sign_in_stores(owned, chain):
    another = replace(owned, contract=chain.deploy("Owner", owned.owner.address))
    sign_in(Client(), another)

    create_wallet_user(owned)

    assert stored(owned) == stored(another)


def test_factories_need_no_node_and_name_users_after_the_address(client, unverified):
    user = create_wallet_user(unverified)
    second = create_wallet_user(replace(unverified, chain_id=UNNAMED))

    name = unverified.address.lower()  # as the demo writes user names
    assert user.username == name
    assert re.fullmatch(rf"{name}[0-9]+", second.username)


def test_user_of_the_factory_is_found_by_a_sign_in(client, owned):
    user = create_wallet_user(owned)

    sign_in(client, owned)

    assert client.session["_auth_user_id"] == str(user.pk)
    assert SocialAccount.objects.count() == 1


# --- The import -------------------------------------------------------------------------------


def test_import_links_a_key_beside_a_contract_of_the_same_address(unverified):
    owner = create_wallet_user(unverified, username="owner")
    named = tutorial_user(unverified.address)

    counts, _ = run("--apply")

    assert counts == {"link": 1, "not_an_address": 1}

    assert links() == {unverified.uid: owner.pk, unverified.address: named.pk}


def test_import_leaves_a_user_alone_who_has_the_contract_wallet(unverified):
    user = tutorial_user(unverified.address)
    link_wallet(user, unverified)

    counts, _ = run("--apply")

    assert counts == {"other_wallet": 1}
    assert links() == {unverified.uid: user.pk}
