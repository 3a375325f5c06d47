"""Choosing: another account than the wallet gives by itself, another chain, the last wallet."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from allauth_moralis.testing import SolanaWallet

from .common import Visitor, came_in, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


def methods(visitor: Visitor) -> list[str]:
    return [call["method"] for call in visitor.page.evaluate("testWallets.calls")]


def has_two_accounts(visitor, wallet, other_wallet, **behaviour) -> None:
    """One wallet gives the first account until its user chooses the second one."""
    came_in(visitor, wallet, chooses=other_wallet.address.lower(), **behaviour)
    visitor.wallets.signers[other_wallet.address.lower()] = other_wallet


# --- P1: the second account of the same wallet -----------------------------------------------


def test_second_account_of_the_same_wallet_is_linked(visitor, wallet, other_wallet):
    has_two_accounts(visitor, wallet, other_wallet)

    visitor.page.get_by_role("link", name="Link another wallet").click()
    visitor.button().click()
    signed_in(visitor)

    uids = {row.uid for row in SocialAccount.objects.all()}
    assert uids == {wallet.address, other_wallet.address}
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("code", [4200, -32601])
def test_wallet_without_a_chooser_is_told_that_it_is_linked_already(visitor, wallet, code):
    came_in(visitor, wallet, errors={"wallet_requestPermissions": [code]})

    visitor.open_wallet_page("?process=connect")
    visitor.button().click()

    expect(visitor.alert).to_have_attribute("data-error-code", "wallet_already_linked")
    expect(visitor.alert).to_contain_text("choose another account in your wallet")
    assert "personal_sign" not in methods(visitor)


def test_declining_to_choose_links_nothing(visitor, wallet, other_wallet):
    has_two_accounts(visitor, wallet, other_wallet, errors={"wallet_requestPermissions": [4001]})

    visitor.open_wallet_page("?process=connect")
    visitor.button().click()

    expect(visitor.alert).to_contain_text("You declined in your wallet")
    assert not {"eth_requestAccounts", "personal_sign"} & set(methods(visitor))


def test_signing_in_as_another_lets_people_choose(visitor, wallet, other_wallet):
    has_two_accounts(visitor, wallet, other_wallet)

    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    assert get_user_model().objects.count() == 2


def test_another_account_is_offered_while_the_first_one_is_asked_to_sign(
    visitor, wallet, other_wallet
):
    visitor.install(
        {"wallet": wallet, "chooses": other_wallet.address.lower(), "holds": ["personal_sign"]}
    )
    visitor.wallets.signers[other_wallet.address.lower()] = other_wallet
    visitor.open_wallet_page()
    visitor.button().click()
    expect(visitor.page.get_by_text(wallet.address.lower(), exact=True)).to_be_visible()
    assert "wallet_requestPermissions" not in methods(visitor)

    visitor.button("Use another account").click()
    expect(visitor.page.get_by_role("region")).to_contain_text(other_wallet.address)
    visitor.page.evaluate("testWallets.answer('personal_sign', 1)")

    signed_in(visitor)
    assert SocialAccount.objects.get().uid == other_wallet.address


# --- The chain -------------------------------------------------------------------------------


def test_chain_that_is_not_accepted_can_be_switched(visitor, wallet, provider):
    provider["CHAINS"] = [137]
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()

    visitor.button().click()
    expect(visitor.alert).to_have_attribute("data-error-code", "unsupported_chain")
    visitor.button("Switch to Polygon").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().extra_data["chain_id"] == 137


def test_chain_that_the_wallet_does_not_know(visitor, wallet, provider):
    provider["CHAINS"] = [137]
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet, "errors": {"wallet_switchEthereumChain": [4902]}})
    visitor.open_wallet_page()

    visitor.button().click()
    visitor.button("Switch to Polygon").click()

    expect(visitor.alert).to_contain_text("Your wallet does not know that chain")


@pytest.mark.parametrize(
    "behaviour",
    [
        {"errors": {"eth_chainId": [4200]}},
        {"errors": {"eth_chainId": [-32603]}},
        {"holds": ["eth_chainId"]},
        {"chain_id": "unreadable"},
        {"chain_id": {"a": 1}},
        {"chain_id": -1},
    ],
)
def test_chain_that_cannot_be_read_stops_no_one(visitor, wallet, behaviour):
    came_in(visitor, wallet, **behaviour)

    assert SocialAccount.objects.get().extra_data["chain_id"] == 1


def test_chain_that_cannot_be_read_is_judged_by_the_list(visitor, wallet, provider):
    provider["CHAINS"] = [137]
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet, "errors": {"eth_chainId": [4200]}})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.alert).to_have_attribute("data-error-code", "unsupported_chain")


# --- The last wallet, and wallets of several networks ----------------------------------------


def names(visitor: Visitor) -> list[str]:
    return visitor.page.locator("#moralis-wallets button").all_text_contents()


def test_wallet_used_last_comes_first(visitor, wallet, other_wallet):
    visitor.install({"wallet": wallet, "name": "One"}, {"wallet": other_wallet, "name": "Two"})
    visitor.wallets.target.add_init_script("testWallets.wallets[1].rdns = 'com.example.two'")
    visitor.open_wallet_page()
    expect(visitor.button("Two")).to_be_visible()
    assert [name.strip() for name in names(visitor)] == ["One", "Two"]
    visitor.button("Two").click()
    signed_in(visitor)

    visitor.open_wallet_page()
    expect(visitor.button("Two")).to_be_visible()

    assert [name.strip() for name in names(visitor)] == ["Two", "One"]
    assert visitor.page.evaluate("Object.keys(localStorage)") == ["moralis-wallet"]


def test_it_works_where_the_browser_keeps_nothing(visitor, wallet):
    visitor.context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, name, { get () { throw new Error('off') } })"
    )
    came_in(visitor, wallet)


@pytest.mark.parametrize("name", ["Ethereum", "Solana"])
def test_wallet_of_several_networks_is_one_entry(visitor, wallet, name):
    solana = SolanaWallet()
    visitor.install({"wallet": wallet, "name": "Phantom"})
    visitor.install_standard(solana, name="Phantom")
    visitor.open_wallet_page()
    expect(visitor.button("Phantom (Solana)")).to_be_visible()
    assert visitor.page.locator(".moralis-entry").count() == 1
    visitor.check_accessibility()

    visitor.button(f"Phantom ({name})").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == {"Ethereum": wallet, "Solana": solana}[name].address
