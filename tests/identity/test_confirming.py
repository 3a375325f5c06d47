"""Confirming goes by the wallet, and so by its chain: an address alone confirms nothing."""

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.reauthentication import SESSION_KEY
from allauth_moralis.testing import HeadlessClient, obtain_challenge, refusal_code, sign_in

from ..ceremony import page_code, user_of

pytestmark = pytest.mark.django_db


def confirm(client, wallet):
    return sign_in(client, wallet, process="reauthenticate")


def link_bare_address(client, wallet) -> None:
    SocialAccount.objects.create(user_id=user_of(client), provider="moralis", uid=wallet.address)


def test_linked_contract_wallet_confirms(client, wallet, owned):
    sign_in(client, wallet)
    sign_in(client, owned, process="connect")

    assert confirm(client, owned).status_code == 302

    assert client.session[SESSION_KEY]["uid"] == owned.uid


def test_same_address_on_another_chain_confirms_nothing(client, owned, twin):
    sign_in(client, owned)

    response = confirm(client, twin)

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")
    html = response.content.decode()
    assert "Your account has this address as a wallet on another chain." in html
    assert client.session[SESSION_KEY]["uid"] == owned.uid


def test_contract_does_not_confirm_for_the_bare_address(client, wallet, owned):
    sign_in(client, wallet)
    link_bare_address(client, owned)

    response = confirm(client, owned)

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")
    assert "This wallet is not linked to your account." in response.content.decode()
    assert client.session[SESSION_KEY]["uid"] == wallet.uid


def test_key_does_not_confirm_for_the_contract_at_its_address(client, wallet):
    sign_in(client, wallet)
    SocialAccount.objects.update(uid=f"eip155:8453:{wallet.address}")

    response = confirm(client, wallet)

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")


@pytest.mark.parametrize("linked_as", ["contract", "bare"])
def test_challenge_to_confirm_is_given_for_any_wallet_of_the_address(
    client, wallet, owned, linked_as
):
    """Only the answer tells whether a key signs, or a contract."""
    sign_in(client, wallet)
    if linked_as == "contract":
        sign_in(client, owned, process="connect")
    else:
        link_bare_address(client, owned)

    assert obtain_challenge(client, owned, process="reauthenticate").challenge
    assert obtain_challenge(client, owned, process="reauthenticate", chain_id=1).challenge


@pytest.mark.parametrize("kind", ["app", "browser"])
def test_application_confirms_by_the_wallet_of_the_right_chain_alone(kind, owned, twin):
    app = HeadlessClient(kind=kind)
    sign_in(app, owned)

    assert refusal_code(confirm(app, twin)) == "wallet_not_linked"
    response = confirm(app, owned)

    assert response.status_code == 200
    assert response.json()["data"]["methods"][-1]["uid"] == owned.uid
