"""A page that is open while the wallet shows another account."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from allauth_moralis.testing import SigningWallet, SolanaWallet

from ..ceremony import short
from .common import Visitor, came_in, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


def show(visitor: Visitor, wallet: SigningWallet | None) -> None:
    wallets = [wallet.address.lower()] if wallet else []
    visitor.wait_for_listener()
    visitor.page.evaluate("shown => testWallets.emit('accountsChanged', shown)", wallets)


def test_a_banner_says_that_the_wallet_shows_another_account(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_hidden()

    show(visitor, other_wallet)

    other = short(other_wallet).lower()
    expect(banner).to_contain_text(
        f"You signed in with {short(wallet)}, but your wallet is now set to {other}."
    )
    expect(banner.get_by_title(other_wallet.address.lower())).to_have_text(other)
    visitor.check_accessibility()
    show(visitor, wallet)
    expect(banner).to_be_hidden()
    show(visitor, None)  # locked
    expect(banner).to_be_hidden()


def test_switching_signs_in_as_the_other_account(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    user = SocialAccount.objects.get().user_id
    show(visitor, other_wallet)

    visitor.page.get_by_role("link", name="Sign in with that account").click()

    expect(visitor.page).to_have_url(re.compile(r"/moralis/login/\?next=%2Faccounts%2Fprofile%2F"))
    assert SocialAccount.objects.get().user_id == user


def test_staying_is_remembered(visitor, wallet, other_wallet):
    came_in(visitor, wallet, shows=[other_wallet.address.lower()])
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_visible()

    visitor.page.get_by_role("button", name="Stay signed in").click()
    expect(banner).to_be_hidden()
    visitor.page.reload()
    visitor.page.wait_for_timeout(500)

    expect(banner).to_be_hidden()
    show(visitor, wallet)
    show(visitor, other_wallet)
    expect(banner).to_be_hidden()


def test_the_banner_needs_no_storage_and_stands_a_wallet_that_throws(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get () { throw new Error('off') } });"
        "Object.defineProperty(window, 'ethereum', { get () { throw new Error('off') } });"
        "window.addEventListener('eip6963:requestProvider', () => window.dispatchEvent("
        "new CustomEvent('eip6963:announceProvider', { detail: { info: { name: 'x' }, provider: {"
        "request: async () => [], on () { throw new Error('of the wallet') } } } })))"
    )
    visitor.page.goto("/accounts/profile/")
    show(visitor, other_wallet)
    banner = visitor.page.locator("#moralis-watch")
    expect(banner.get_by_title(other_wallet.address.lower())).to_be_visible()

    visitor.page.get_by_role("button", name="Stay signed in").click()

    expect(banner).to_be_hidden()


def test_a_change_of_chain_does_nothing(visitor, wallet):
    came_in(visitor, wallet)

    visitor.wait_for_listener()
    visitor.page.evaluate("testWallets.emit('chainChanged', '0x89')")

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()
    assert visitor.page.evaluate("testWallets.listeners.map(one => one.event)") == [
        "accountsChanged"
    ]


def test_it_can_sign_out_instead(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    visitor.page.evaluate("document.getElementById('moralis-watch').dataset.onChange = 'logout'")

    show(visitor, other_wallet)

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


def show_solana(visitor: Visitor, addresses: list[str] | None) -> None:
    visitor.wait_for_listener()
    visitor.page.evaluate("addresses => testWallets.emit('change', addresses)", addresses)


@pytest.fixture
def came_in_by_solana(visitor) -> SolanaWallet:
    wallet = SolanaWallet()
    visitor.install_standard(wallet)
    visitor.open_wallet_page()
    visitor.button("Phantom").click()
    signed_in(visitor)
    return wallet


def test_a_solana_wallet_shows_another_account(visitor, came_in_by_solana):
    other = SolanaWallet().address
    banner = visitor.page.locator("#moralis-watch")

    show_solana(visitor, [other])

    expect(banner.get_by_title(other)).to_be_visible()
    show_solana(visitor, None)  # its chains changed
    expect(banner.get_by_title(other)).to_be_visible()
    show_solana(visitor, [])  # locked
    expect(banner).to_be_hidden()
    show_solana(visitor, [came_in_by_solana.address])
    expect(banner).to_be_hidden()


def test_a_solana_wallet_is_asked_in_silence(visitor, came_in_by_solana):
    other = SolanaWallet().address
    visitor.context.add_init_script(f"testWallets.wallets[0].shows = ['{other}']")

    visitor.page.goto("/accounts/profile/")

    expect(visitor.page.get_by_title(other)).to_be_visible()
    assert visitor.page.evaluate(
        "testWallets.calls.every(one => one.method === 'standard:connect' && one.silent)"
    )


def test_what_a_wallet_shows_from_the_start_signs_nobody_out(visitor, came_in_by_solana):
    """Only a change while the page is open does, where the site wants it."""
    other = SolanaWallet().address

    def sign_out_on_change(route) -> None:
        response = route.fetch()
        body = response.text().replace('data-on-change="banner"', 'data-on-change="logout"')
        route.fulfill(response=response, body=body)

    visitor.page.route("**/accounts/profile/", sign_out_on_change)
    visitor.context.add_init_script(f"testWallets.wallets[0].shows = ['{other}']")
    visitor.page.goto("/accounts/profile/")
    expect(visitor.page.get_by_title(other)).to_be_visible()
    assert "POST /accounts/logout/" not in visitor.requests

    show_solana(visitor, [SolanaWallet().address])

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


# --- P3: whose change it is ----------------------------------------------------------------------


def log_out_on_change(visitor: Visitor) -> None:
    visitor.page.evaluate("document.getElementById('moralis-watch').dataset.onChange = 'logout'")


def test_another_wallet_with_another_account_says_nothing_about_me(visitor, wallet, other_wallet):
    """My wallet locks, and another one is connected, in a browser that has both."""
    came_in(visitor, wallet)
    visitor.install({"wallet": other_wallet, "name": "Other", "shows": []})
    visitor.context.add_init_script(
        "testWallets.wallets[1].rdns = 'com.example.other'; testWallets.wallets[0].shows = []"
    )
    visitor.page.goto("/accounts/profile/")
    visitor.wait_for_listener()
    log_out_on_change(visitor)

    visitor.page.evaluate(
        "shown => testWallets.listeners.filter(one => one.wallet === 'Other')"
        ".forEach(one => one.listener(shown))",
        [other_wallet.address.lower()],
    )
    visitor.page.wait_for_timeout(300)

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()
    assert "POST /accounts/logout/" not in visitor.requests


def test_a_wallet_that_is_locked_signs_nobody_out(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    visitor.wait_for_listener()
    log_out_on_change(visitor)

    show(visitor, None)
    visitor.page.wait_for_timeout(300)
    assert "POST /accounts/logout/" not in visitor.requests
    show(visitor, other_wallet)

    expect(visitor.page).to_have_url(visitor.url + "/")


def test_a_wallet_that_never_showed_my_account_in_this_tab_has_not_changed(
    visitor, wallet, other_wallet
):
    came_in(visitor, wallet, shows=[other_wallet.address.lower()])
    expect(visitor.page.locator("#moralis-watch")).to_be_visible()
    visitor.page.evaluate("sessionStorage.clear()")

    visitor.page.reload()
    visitor.wait_for_listener()
    visitor.page.wait_for_timeout(300)

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()


# --- A wallet that is there on one chain only ----------------------------------------------------


def on_chain(visitor: Visitor, wallet: SigningWallet, chain: int) -> None:
    """Come in, and have the page name the wallet as the account of a contract is named."""

    def rename(route) -> None:
        response = route.fetch()
        body = response.text().replace(
            f'data-wallet="{wallet.address}"', f'data-wallet="eip155:{chain}:{wallet.address}"'
        )
        route.fulfill(response=response, body=body)

    came_in(visitor, wallet)
    visitor.page.route("**/accounts/profile/", rename)
    visitor.page.goto("/accounts/profile/")


def test_a_wallet_on_its_chain_is_the_same(visitor, wallet, other_wallet):
    on_chain(visitor, wallet, 1)
    show(visitor, wallet)
    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()

    show(visitor, other_wallet)

    expect(visitor.page.get_by_title(other_wallet.address.lower())).to_be_visible()


def test_a_wallet_on_another_chain_is_another_but_signs_nobody_out(visitor, wallet):
    on_chain(visitor, wallet, 1)
    show(visitor, wallet)
    log_out_on_change(visitor)

    visitor.page.evaluate(
        "testWallets.wallets[0].chain_id = '0x2105'; testWallets.emit('chainChanged', '0x2105')"
    )

    expect(visitor.page.get_by_title(wallet.address.lower())).to_be_visible()
    assert "POST /accounts/logout/" not in visitor.requests


def test_one_of_several_linked_wallets_is_enough(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    visitor.page.route(
        "**/accounts/profile/",
        lambda route: route.fulfill(
            response=(response := route.fetch()),
            body=response.text().replace(
                f'data-wallet="{wallet.address}"',
                f'data-wallet="{wallet.address} {other_wallet.address}"',
            ),
        ),
    )
    visitor.page.goto("/accounts/profile/")

    show(visitor, other_wallet)
    visitor.page.wait_for_timeout(300)

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()
