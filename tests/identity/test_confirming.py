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


def test_linked_contract_wallet_confirms(client, wallet, on_base):
    sign_in(client, wallet)
    sign_in(client, on_base, process="connect")

    assert confirm(client, on_base).status_code == 302

    assert client.session[SESSION_KEY]["uid"] == on_base.uid


def test_same_address_on_another_chain_confirms_nothing(client, on_base, on_sonic):
    sign_in(client, on_base)

    response = confirm(client, on_sonic)

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")
    html = response.content.decode()
    assert "Your account has this address as a wallet on another chain." in html
    assert client.session[SESSION_KEY]["uid"] == on_base.uid


def test_contract_does_not_confirm_for_the_bare_address(client, wallet, on_base):
    sign_in(client, wallet)
    link_bare_address(client, on_base)

    response = confirm(client, on_base)

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
    client, wallet, on_base, linked_as
):
    """Only the answer tells whether a key signs, or a contract."""
    sign_in(client, wallet)
    if linked_as == "contract":
        sign_in(client, on_base, process="connect")
    else:
        link_bare_address(client, on_base)

    assert obtain_challenge(client, on_base, process="reauthenticate").challenge
    assert obtain_challenge(client, on_base, process="reauthenticate", chain_id=1).challenge


@pytest.mark.parametrize("kind", ["app", "browser"])
def test_application_confirms_by_the_wallet_of_the_right_chain_alone(kind, on_base, on_sonic):
    app = HeadlessClient(kind=kind)
    sign_in(app, on_base)

    assert refusal_code(confirm(app, on_sonic)) == "wallet_not_linked"
    response = confirm(app, on_base)

    assert response.status_code == 200
    assert response.json()["data"]["methods"][-1]["uid"] == on_base.uid
