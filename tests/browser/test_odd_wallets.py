"""Wallets that behave as people report of theirs: odd values, odd errors, odd announcements."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from allauth_moralis.testing import AptosWallet, SolanaWallet

from .common import came_in, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


# --- P2: values, in whatever shape -----------------------------------------------------------


@pytest.mark.parametrize("writes", ["list", "one", "buffer", "hex", "json", "node"])
def test_a_solana_signature_is_read_in_any_shape(visitor, writes):
    wallet = SolanaWallet()
    visitor.install_standard(wallet, writes=writes)
    visitor.open_wallet_page()

    visitor.button("Phantom").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == wallet.address


def test_a_solana_wallet_that_lists_its_accounts_itself(visitor):
    visitor.install_standard(SolanaWallet(), connects="nothing")
    visitor.open_wallet_page()

    visitor.button("Phantom").click()

    signed_in(visitor)


def test_a_solana_account_that_can_only_be_watched_is_passed_over(visitor):
    wallet = SolanaWallet()
    visitor.install_standard(wallet, watches=[SolanaWallet().address])
    visitor.open_wallet_page()

    visitor.button("Phantom").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == wallet.address


@pytest.mark.parametrize("bare", [False, True], ids=["wrapped text", "bare text"])
@pytest.mark.parametrize("writes", ["hex", "objects", "wrapped", "bytes", "array"])
def test_an_aptos_key_and_signature_are_read_in_any_shape(visitor, provider, writes, bare):
    provider["NETWORKS"] = ["aptos"]
    wallet = AptosWallet()
    visitor.install_standard(wallet, name="Petra", writes=writes, bare=bare)
    visitor.open_wallet_page()

    visitor.button("Petra").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == wallet.address


def test_an_aptos_account_with_another_key_is_told_so(visitor, provider):
    provider["NETWORKS"] = ["aptos"]
    visitor.allowed = re.compile("400")
    visitor.install_standard(AptosWallet(), name="Petra")
    visitor.context.add_init_script("testWallets.wallets[0].publicKey = '0x' + '01'.repeat(67)")
    visitor.open_wallet_page()

    visitor.button("Petra").click()

    expect(visitor.alert).to_have_attribute("data-error-code", "invalid_address")
    expect(visitor.alert).to_contain_text("this site cannot verify that")


def test_a_long_signature_is_passed_on_as_it_is(visitor, wallet):
    """As contract wallets make them."""
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.page.evaluate("window.testWalletSign = () => 'ab'.repeat(8000)")

    with visitor.page.expect_request("**/verify/") as sent:
        visitor.button().click()

    assert f"signature=0x{'ab' * 8000}" in sent.value.post_data


# --- P6: errors, in whatever shape -----------------------------------------------------------


@pytest.mark.parametrize(
    ("thrown", "sentence"),
    [
        ("User rejected", "You declined in your wallet"),
        (None, "Your wallet was closed or said no"),
        ({}, "Your wallet was closed or said no"),
        ({"code": -32603, "data": {"cause": {"code": 4001}}}, "You declined in your wallet"),
        ({"info": {"error": {"code": 4001}}}, "You declined in your wallet"),
        ({"message": "Access denied to use the USB device"}, "Something went wrong"),
        ({"message": "request rejected: method not supported"}, "Something went wrong"),
    ],
)
def test_what_a_wallet_throws_is_understood(visitor, wallet, thrown, sentence):
    visitor.install({"wallet": wallet, "throws": {"personal_sign": [thrown]}})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.alert).to_contain_text(sentence)
    assert bool(visitor.told) == (sentence == "Something went wrong")


def test_a_wallets_own_words_are_there_for_who_helps(visitor, wallet):
    words = "Ledger device: UNKNOWN_ERROR (0x6985) \u202e<b>"
    visitor.install({"wallet": wallet, "throws": {"personal_sign": [{"message": words}]}})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(visitor.alert).to_contain_text("Something went wrong in your wallet.")

    visitor.page.get_by_text("What your wallet said").click()

    expect(visitor.page.locator("bdi", has_text="0x6985")).to_have_text(words)
    assert "0x6985" in visitor.told[0]
    visitor.check_accessibility()


# --- P7, P8: announcements -------------------------------------------------------------------


def test_window_ethereum_that_comes_late_and_without_an_event(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True, "late": True, "silent": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")

    visitor.page.evaluate("testWallets.arrive()")
    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_that_comes_very_late_is_found_when_people_come_back(visitor, wallet):
    visitor.page.clock.install()
    visitor.install({"wallet": wallet, "injected": True, "late": True, "silent": True})
    visitor.open_wallet_page()
    visitor.page.clock.fast_forward(60_000)
    visitor.page.evaluate("testWallets.arrive()")
    expect(visitor.button("Browser wallet")).to_be_hidden()

    visitor.page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(visitor.button("Browser wallet")).to_be_visible()


def test_a_new_provider_at_each_announcement_is_one_wallet(visitor, wallet):
    visitor.install({"wallet": wallet, "renews": True})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    visitor.page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")

    expect(visitor.button()).to_have_count(1)


@pytest.mark.parametrize(
    ("says", "buttons"),
    [
        ({"isMetaMask": True}, 1),
        ({"isMetaMask": True, "isRabby": True}, 1),
        ({"isMetaMask": True, "isTrust": True}, 2),
    ],
)
def test_window_ethereum_is_listed_where_it_is_another_wallet(
    visitor, wallet, other_wallet, says, buttons
):
    visitor.install(
        {"wallet": wallet, "name": "Rabby Wallet"},
        {"wallet": other_wallet, "injected": True, "says": says},
    )
    visitor.open_wallet_page()
    expect(visitor.button("Rabby Wallet")).to_be_visible()
    visitor.page.wait_for_timeout(1000)  # past the search

    expect(visitor.page.locator("#moralis-wallets button")).to_have_count(buttons)


# --- P10: others' objects --------------------------------------------------------------------

HOSTILE = """
window.addEventListener('eip6963:requestProvider', () => {
  const refuse = () => { throw new Error('of the wallet') }
  const hostile = new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse })
  for (const detail of [{ info: { name: 'x' }, provider: hostile }, hostile, null]) {
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  }
  for (const callback of [refuse, null, (api) => api.register(hostile, null)]) {
    window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: callback }))
  }
  Object.defineProperty(window, 'ethereum', { get: refuse })
}, { once: true })
"""


def test_wallets_that_throw_when_they_are_looked_at_hold_up_no_one(visitor, wallet):
    visitor.context.add_init_script(HOSTILE)
    came_in(visitor, wallet)


def test_window_ethereum_that_throws_when_it_is_asked_is_no_wallet(visitor):
    visitor.context.add_init_script(
        "window.ethereum = new Proxy({}, { get () { throw new Error('of the wallet') } })"
    )
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a" * 63 + "🦊🦊", "a" * 63 + "🦊"),
        ("a" * 63 + "👩\u200d👧", "a" * 63 + "👩"),
        ("Meta\u202eksaM", "MetaksaM"),
        ("\u2066Wal\u200elet\u2069\n", "Wallet"),
    ],
)
def test_names_are_cut_and_cleaned(visitor, wallet, name, shown):
    visitor.install({"wallet": wallet, "name": name})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets button")).to_be_visible()
    text = visitor.page.locator("#moralis-wallets button").text_content() or ""
    assert text.strip() == shown


def test_names_and_addresses_are_no_words_to_translate(visitor, wallet):
    visitor.install({"wallet": wallet, "holds": ["personal_sign"]})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(visitor.page.get_by_text(wallet.address.lower(), exact=True)).to_be_visible()

    for text in ("MetaMask", wallet.address.lower(), f"URI: {visitor.url}"):
        place = visitor.page.get_by_text(text).first
        assert place.evaluate("element => element.closest('[translate=no]') !== null"), text
