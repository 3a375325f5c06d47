"""The life of a contract wallet's account, with its contract on a real EVM."""

import re
from dataclasses import replace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import EvmWallet, answer, obtain_challenge, sign_in
from allauth_moralis.testing.factories import create_wallet_user
from allauth_moralis.ways_in import ways_in

from ..ceremony import page_code, user_of
from ..chain.artifacts import call
from .conftest import BASE

pytestmark = pytest.mark.django_db


def uids() -> set[str]:
    return set(SocialAccount.objects.values_list("uid", flat=True))


def remove(client, wallet):
    row = SocialAccount.objects.get(uid=wallet.uid)
    return client.post(reverse("socialaccount_connections"), {"account": row.pk})


def test_sign_in_return_link_confirm_and_remove(client, owned, wallet):
    sign_in(client, owned)
    user = user_of(client)
    row = SocialAccount.objects.get()
    assert row.uid == f"eip155:1:{owned.address}"
    assert (row.extra_data["verified_by"], row.extra_data["chain_id"]) == ("contract", 1)
    assert row.user.username == owned.address.lower()  # as the demo writes user names

    client.logout()
    sign_in(client, owned)
    assert user_of(client) == user

    sign_in(client, wallet, process="connect")
    assert uids() == {owned.uid, wallet.uid}

    assert sign_in(client, owned, process="reauthenticate", next="/")["Location"] == "/"

    remove(client, owned)
    assert uids() == {wallet.uid}
    client.logout()
    sign_in(client, owned)
    assert user_of(client) not in (None, user)


def test_contract_wallet_is_linked_to_the_account_of_a_key(client, owned, wallet):
    sign_in(client, wallet)
    user = user_of(client)

    sign_in(client, owned, process="connect")

    client.logout()
    sign_in(client, owned)
    assert user_of(client) == user


def test_wallet_that_is_not_deployed_yet_stays_the_same_once_it_is(client, node, planned):
    sign_in(client, planned)
    user = user_of(client)
    client.logout()

    node.chain.send(planned.factory, planned.factory_data)
    sign_in(client, replace(planned, factory=None))

    assert user_of(client) == user is not None


def test_wallet_that_was_handed_over_is_its_new_owners(client, chain, owned):
    sign_in(client, owned)
    user = user_of(client)
    client.logout()
    heir = EvmWallet()
    handed_over = call("rotate(address)", heir.address)
    chain.send(owned.address, handed_over, sender=owned.owner.address)

    assert page_code(sign_in(client, owned)) == "signature_invalid"
    sign_in(client, replace(owned, owner=heir))

    assert user_of(client) == user is not None


def test_last_contract_wallet_is_not_removed(client, owned):
    sign_in(client, owned)

    html = remove(client, owned).content.decode()

    assert "This is the only way into your account." in html
    assert uids() == {owned.uid}


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


def test_wallet_beside_a_contract_without_a_node_is_not_removed(client, owned, wallet, provider):
    sign_in(client, owned)
    sign_in(client, wallet, process="connect")
    provider["RPC"] = {}

    html = remove(client, wallet).content.decode()

    assert "This is the only way into your account." in html
    assert uids() == {owned.uid, wallet.uid}


def test_second_factor_is_asked_for(client, owned):
    sign_in(client, owned)
    TOTP.activate(get_user_model().objects.get(), "JBSWY3DPEHPK3PXP")
    client.logout()

    response = sign_in(client, owned)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


# --- The same address, elsewhere ---------------------------------------------------------------


def test_same_address_on_another_chain_is_another_account(client, owned, twin):
    sign_in(client, owned)
    sign_in(Client(), twin)

    assert uids() == {owned.uid, twin.uid}
    assert SocialAccount.objects.values("user").distinct().count() == 2
    first, second = get_user_model().objects.order_by("pk")
    assert first.username == owned.address.lower()
    assert re.fullmatch(rf"{first.username}[0-9]+", second.username)


def test_same_address_on_another_chain_is_linked_beside_it(client, owned, twin):
    sign_in(client, owned)
    user = user_of(client)

    sign_in(client, twin, process="connect")

    assert uids() == {owned.uid, twin.uid}
    client.logout()
    sign_in(client, twin)
    assert user_of(client) == user


def test_contract_does_not_open_the_account_of_the_bare_address(client, owned):
    victim = get_user_model().objects.create_user("victim")
    SocialAccount.objects.create(user=victim, provider="moralis", uid=owned.address)

    sign_in(client, owned)

    assert user_of(client) not in (None, victim.pk)
    assert uids() == {owned.address, owned.uid}


def test_signature_for_one_chain_is_no_answer_for_another(client, owned, twin):
    challenge, _ = obtain_challenge(client, owned)
    _, other_text = obtain_challenge(client, twin)

    response = answer(client, challenge, twin.sign(other_text))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert "Your smart wallet did not accept this signature." in response.content.decode()
    assert not uids()


# --- Moralis as the backend --------------------------------------------------------------------


def test_service_makes_the_text_and_is_not_asked_about_a_contract(client, moralis, owned):
    sign_in(client, owned)

    assert list(moralis.requests) == ["POST /challenge/request/evm"]
    data = SocialAccount.objects.get().extra_data
    assert data["verified_by"] == "contract"
    assert data["verified"]["profileId"]
