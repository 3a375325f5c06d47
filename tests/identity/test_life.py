"""The life of a contract wallet's account, with its contract on a real EVM."""

import re
from dataclasses import replace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import ContractWallet, EvmWallet, answer, obtain_challenge, sign_in
from allauth_moralis.testing.factories import create_wallet_user
from allauth_moralis.ways_in import ways_in

from ..ceremony import page_code, user_of
from ..chain.artifacts import call, plan
from .conftest import BASE

pytestmark = pytest.mark.django_db


def uids() -> set[str]:
    return set(SocialAccount.objects.values_list("uid", flat=True))


def remove(client, wallet):
    row = SocialAccount.objects.get(uid=wallet.uid)
    return client.post(reverse("socialaccount_connections"), {"account": row.pk})


def test_sign_in_return_link_confirm_and_remove(client, on_base, wallet):
    sign_in(client, on_base)
    user = user_of(client)
    row = SocialAccount.objects.get()
    assert row.uid == f"eip155:{BASE}:{on_base.address}"
    assert (row.extra_data["verified_by"], row.extra_data["chain_id"]) == ("contract", BASE)
    assert row.user.username == on_base.address.lower()  # as the demo writes user names

    client.logout()
    sign_in(client, on_base)
    assert user_of(client) == user

    sign_in(client, wallet, process="connect")
    assert uids() == {on_base.uid, wallet.uid}

    assert sign_in(client, on_base, process="reauthenticate", next="/")["Location"] == "/"

    remove(client, on_base)
    assert uids() == {wallet.uid}
    client.logout()
    sign_in(client, on_base)
    assert user_of(client) not in (None, user)


def test_contract_wallet_is_linked_to_the_account_of_a_key(client, on_base, wallet):
    sign_in(client, wallet)
    user = user_of(client)

    sign_in(client, on_base, process="connect")

    client.logout()
    sign_in(client, on_base)
    assert user_of(client) == user


def test_wallet_that_is_not_deployed_yet_stays_the_same_once_it_is(client, node, owner):
    planned = plan(node.chain.deploy("Factory"), "Owner", owner.address)
    wallet = ContractWallet(
        planned.address, owner, chain_id=BASE, factory=planned.factory, factory_data=planned.data
    )
    sign_in(client, wallet)
    user = user_of(client)
    client.logout()

    node.chain.send(planned.factory, planned.data)
    sign_in(client, replace(wallet, factory=None))

    assert user_of(client) == user is not None


def test_wallet_that_was_handed_over_is_its_new_owners(client, node, on_base, owner):
    sign_in(client, on_base)
    user = user_of(client)
    client.logout()
    heir = EvmWallet()
    node.chain.send(on_base.address, call("rotate(address)", heir.address), sender=owner.address)

    assert page_code(sign_in(client, on_base)) == "signature_invalid"
    sign_in(client, replace(on_base, owner=heir))

    assert user_of(client) == user


def test_last_contract_wallet_is_not_removed(client, on_base):
    sign_in(client, on_base)

    html = remove(client, on_base).content.decode()

    assert "This is the only way into your account." in html
    assert uids() == {on_base.uid}


@pytest.mark.parametrize("change", [{"RPC": {}}, {"CHAINS": [1]}, {"NETWORKS": ["solana"]}])
def test_contract_wallet_that_cannot_be_verified_any_more_is_not_a_way_in(
    unverified, provider, change
):
    user = create_wallet_user(unverified)
    provider.update({"RPC": {BASE: "https://node.example/"}, **change})

    assert ways_in(user) == []


@pytest.mark.parametrize("chains", [None, [1, BASE]])
def test_contract_wallet_of_a_chain_with_a_node_is_a_way_in(unverified, provider, chains):
    user = create_wallet_user(unverified)
    provider.update(RPC={BASE: "https://node.example/"}, CHAINS=chains)

    assert ways_in(user) == [unverified.uid]


def test_wallet_beside_a_contract_without_a_node_is_not_removed(client, on_base, wallet, provider):
    sign_in(client, on_base)
    sign_in(client, wallet, process="connect")
    provider["RPC"] = {}

    html = remove(client, wallet).content.decode()

    assert "This is the only way into your account." in html
    assert uids() == {on_base.uid, wallet.uid}


def test_second_factor_is_asked_for(client, on_base):
    sign_in(client, on_base)
    TOTP.activate(get_user_model().objects.get(), "JBSWY3DPEHPK3PXP")
    client.logout()

    response = sign_in(client, on_base)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


# --- The same address, elsewhere ---------------------------------------------------------------


def test_same_address_on_another_chain_is_another_account(client, on_base, on_sonic):
    sign_in(client, on_base)
    sign_in(Client(), on_sonic)

    assert uids() == {on_base.uid, on_sonic.uid}
    assert SocialAccount.objects.values("user").distinct().count() == 2
    first, second = get_user_model().objects.order_by("pk")
    assert first.username == on_base.address.lower()
    assert re.fullmatch(rf"{first.username}[0-9]+", second.username)


def test_same_address_on_another_chain_is_linked_beside_it(client, on_base, on_sonic):
    sign_in(client, on_base)
    user = user_of(client)

    sign_in(client, on_sonic, process="connect")

    assert uids() == {on_base.uid, on_sonic.uid}
    client.logout()
    sign_in(client, on_sonic)
    assert user_of(client) == user


def test_contract_does_not_open_the_account_of_the_bare_address(client, on_base):
    victim = get_user_model().objects.create_user("victim")
    SocialAccount.objects.create(user=victim, provider="moralis", uid=on_base.address)

    sign_in(client, on_base)

    assert user_of(client) not in (None, victim.pk)
    assert uids() == {on_base.address, on_base.uid}


def test_signature_for_one_chain_is_no_answer_for_another(client, on_base, on_sonic):
    challenge, _ = obtain_challenge(client, on_base)
    _, other_text = obtain_challenge(client, on_sonic)

    response = answer(client, challenge, on_sonic.sign(other_text))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert "Your smart wallet did not accept this signature." in response.content.decode()
    assert not uids()


# --- Moralis as the backend --------------------------------------------------------------------


def test_service_makes_the_text_and_is_not_asked_about_a_contract(client, moralis, on_base):
    sign_in(client, on_base)

    assert list(moralis.requests) == ["POST /challenge/request/evm"]
    data = SocialAccount.objects.get().extra_data
    assert data["verified_by"] == "contract"
    assert data["verified"]["profileId"]
    assert f"Chain ID: {BASE}" in data["message"]
