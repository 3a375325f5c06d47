"""A wallet that is a contract has the life of any other, on whatever site, by whatever backend."""

from dataclasses import replace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.testing import EvmWallet, HeadlessClient, refusal_code, sign_in

from ..ceremony import user_of

pytestmark = pytest.mark.django_db


def uids(client: Client) -> list[str]:
    accounts = SocialAccount.objects.filter(user_id=user_of(client)).order_by("pk")
    return [account.uid for account in accounts]


def test_contract_signs_in_and_comes_back(client, backend, node, owned):
    sign_in(client, owned)
    first = user_of(client)
    client.logout()

    sign_in(client, owned)

    assert user_of(client) == first is not None
    assert uids(client) == [f"eip155:1:{owned.address}"]


def test_contract_that_is_not_deployed_is_linked_to_the_account_of_a_key(
    client, backend, node, wallet, planned
):
    sign_in(client, wallet)
    sign_in(client, planned, process="connect")

    assert uids(client) == [wallet.address, f"eip155:1:{planned.address}"]


def test_contract_confirms_that_it_is_its_user(client, backend, node, owned):
    sign_in(client, owned)

    response = sign_in(client, owned, process="reauthenticate", next="/there/")

    assert (response.status_code, response["Location"]) == (302, "/there/")


def test_stranger_with_the_address_of_a_contract_stays_outside(client, backend, node, owned):
    sign_in(Client(), owned)

    response = sign_in(client, replace(owned, owner=EvmWallet()))

    assert refusal_code(response) == "signature_invalid"
    assert user_of(client) is None


@pytest.mark.parametrize("kind", ["app", "browser"])
def test_contract_signs_in_to_an_application(backend, node, planned, kind):
    client = HeadlessClient(kind=kind)

    response = sign_in(client, planned)

    assert response.status_code == 200
    assert SocialAccount.objects.get().uid == f"eip155:1:{planned.address}"
