"""Which wallets the page finds."""

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from allauth_moralis.testing import AptosWallet, SolanaWallet

from .common import ICON, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

# --- Which wallets are listed --------------------------------------------------------------------


def test_a_wallet_that_announces_itself_late(visitor, wallet):
    visitor.install({"wallet": wallet, "late": True})
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    visitor.page.evaluate("testWallets.arrive()")
    visitor.button().click()

    signed_in(visitor)


def test_two_wallets_of_one_name_are_both_listed(visitor, wallet, other_wallet):
    visitor.install({"wallet": wallet}, {"wallet": other_wallet})
    visitor.open_wallet_page()

    expect(visitor.button()).to_have_count(2)


def test_a_wallet_that_announces_itself_twice_is_listed_once(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_have_count(1)

    visitor.page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")

    expect(visitor.button()).to_have_count(1)


def test_a_wallet_that_only_sets_window_ethereum(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True})
    visitor.open_wallet_page()

    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_gives_way_to_wallets_that_announce_themselves(visitor, wallet):
    visitor.install({"wallet": wallet}, {"wallet": wallet, "injected": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_have_text("Choose a wallet.")
    visitor.page.wait_for_timeout(1000)  # past the search

    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_window_ethereum_that_comes_late(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True, "late": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")

    visitor.page.evaluate("testWallets.arrive()")
    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_goes_when_its_wallet_announces_itself_late(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True}, {"wallet": wallet, "late": True})
    visitor.open_wallet_page()
    expect(visitor.button("Browser wallet")).to_be_visible()

    visitor.page.evaluate("testWallets.arrive()")
    expect(visitor.button("MetaMask")).to_be_visible()
    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_two_wallets_that_claim_one_id(visitor, wallet, other_wallet):
    visitor.install(
        {"wallet": wallet, "uuid": "copied", "name": "One"},
        {"wallet": other_wallet, "uuid": "copied", "name": "Two"},
    )
    visitor.open_wallet_page()

    expect(visitor.button("One")).to_be_visible()
    expect(visitor.button("Two")).to_be_visible()


def test_no_wallet_says_what_to_do(visitor):
    visitor.install()
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    expect(visitor.page.get_by_role("status")).to_contain_text("Install a wallet extension")


def test_a_name_with_markup_is_text(visitor, wallet):
    name = '<img src=x onerror="window.__owned = 1"> & Söhne'
    visitor.install({"wallet": wallet, "name": name})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets button")).to_have_text(name)
    assert visitor.page.evaluate("window.__owned") is None


@pytest.mark.parametrize(
    "icon",
    ["https://evil.example/icon.png", "/static/favicon.svg", "javascript:alert(1)",
     "data:text/html,x", 7, None],
)  # fmt: skip
def test_an_icon_that_is_not_an_image_in_itself_is_not_asked_for(visitor, wallet, icon):
    visitor.install({"wallet": wallet, "icon": icon})
    visitor.open_wallet_page()

    expect(visitor.button()).to_be_visible()
    assert visitor.page.locator("#moralis-wallets img").count() == 0


def test_an_icon_that_is_an_image_is_shown(visitor, wallet):
    visitor.install({"wallet": wallet, "icon": ICON})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets img")).to_have_attribute("src", ICON)


@pytest.mark.parametrize("detail", ["null", "{}", "{info: {name: 'x'}}", "{provider: {}}"])
def test_an_announcement_that_is_none_is_ignored(visitor, wallet, detail):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    visitor.page.evaluate(
        f"window.dispatchEvent(new CustomEvent('eip6963:announceProvider', {{detail: {detail}}}))"
    )

    assert visitor.page.locator("#moralis-wallets button").count() == 1


@pytest.fixture
def every_network(provider) -> None:
    provider["NETWORKS"] = ["evm", "solana", "aptos"]


# --- Solana and Aptos ----------------------------------------------------------------------------


def test_a_solana_wallet(visitor, backend, every_network):
    wallet = SolanaWallet()
    visitor.install_standard(wallet, icon=ICON)
    visitor.open_wallet_page()

    visitor.button("Phantom (Solana)").click()
    signed_in(visitor)

    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (wallet.address, backend)


@pytest.mark.parametrize("writes", ["hex", "objects"])
def test_an_aptos_wallet(visitor, backend, every_network, writes):
    wallet = AptosWallet()
    visitor.install_standard(wallet, name="Petra", writes=writes)
    visitor.open_wallet_page()

    visitor.button("Petra (Aptos)").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == wallet.address


def test_a_wallet_of_the_standard_that_comes_late_is_listed_once(visitor, every_network):
    visitor.install_standard(SolanaWallet(), late=True)
    visitor.open_wallet_page()
    expect(visitor.button("Phantom")).to_be_visible()

    visitor.page.evaluate("testWallets.arrive()")
    expect(visitor.button("Phantom")).to_have_count(1)


def test_a_network_that_is_not_offered_has_no_button(visitor, provider):
    provider["NETWORKS"] = ["evm"]
    visitor.install_standard(SolanaWallet())
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


@pytest.mark.parametrize(
    ("wallet", "behaviour", "sentence"),
    [
        (SolanaWallet(), {"locked": True}, "Your wallet did not share an account."),
        (SolanaWallet(), {"failure": "User rejected the request."}, "You declined in your wallet"),
        (SolanaWallet(), {"failure": "Internal error"}, "Something went wrong in your wallet."),
        (AptosWallet(), {"locked": True}, "Your wallet did not share an account."),
        (AptosWallet(), {"rejects": True}, "You declined in your wallet"),
    ],
)
def test_a_wallet_of_the_standard_that_says_no(visitor, every_network, wallet, behaviour, sentence):
    visitor.install_standard(wallet, **behaviour)
    visitor.open_wallet_page()

    visitor.button("Phantom").click()

    expect(visitor.page.get_by_role("alert")).to_contain_text(sentence)
