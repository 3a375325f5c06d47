"""The development wallet in a browser."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from allauth_moralis.development import keys

from .common import Visitor, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.urls_development"),
    pytest.mark.usefixtures("state"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def developer(browser, live_server, provider, on_this_machine) -> Iterator[Visitor]:
    provider["RATE_LIMITS"] = False
    visitor = Visitor(browser, live_server.url)
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def test_pressing_it_signs_in_and_links_a_second_account(developer):
    page = developer.page
    developer.install()
    developer.open_wallet_page()
    developer.button("Development wallet").click()
    expect(page.get_by_role("dialog", name="Development wallet")).to_be_visible()
    developer.button("Ada").click()
    expect(page.get_by_role("dialog")).to_contain_text(
        f"Sign in to {urlsplit(developer.url).netloc}"
    )
    page.get_by_role("button", name="Sign", exact=True).click()
    signed_in(developer)

    page.get_by_role("link", name="Link another wallet").click()
    developer.button("Development wallet").click()
    developer.button("Grace").click()
    expect(page.get_by_role("dialog")).to_contain_text("Link this wallet to your account")
    page.get_by_role("button", name="Sign", exact=True).click()
    signed_in(developer)

    assert get_user_model().objects.count() == 1
    ada, *_, grace = keys.accounts()
    assert {row.uid for row in SocialAccount.objects.all()} == {ada.address, grace.address}


def test_pressing_it_by_keyboard_alone(developer):
    page = developer.page
    developer.open_wallet_page()
    developer.button("Development wallet").focus()

    page.keyboard.press("Enter")
    expect(developer.button("Ada")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    page.keyboard.press("Enter")

    signed_in(developer)
    assert SocialAccount.objects.get().uid == keys.accounts()[1].address


@pytest.mark.parametrize("step", ["accounts", "text"])
@pytest.mark.parametrize("how", ["Decline", "Escape"])
def test_declining_is_told_and_can_be_tried_again(developer, step, how):
    page = developer.page
    developer.open_wallet_page()
    developer.button("Development wallet").click()
    expect(developer.button("Ada")).to_be_visible()
    if step == "text":
        developer.button("Ada").click()
        expect(page.get_by_role("button", name="Sign", exact=True)).to_be_visible()

    if how == "Escape":
        page.keyboard.press("Escape")
    else:
        developer.button("Decline").click()

    expect(developer.alert).to_contain_text("You declined in your wallet")
    developer.button("Development wallet").click()
    developer.button("Ada").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    signed_in(developer)


def test_it_does_not_pass_for_a_wallet_of_the_browser(developer, wallet):
    """Who has no wallet is told so, and one that does not announce itself is found as ever."""
    developer.open_wallet_page()
    expect(developer.page.get_by_role("status")).to_contain_text("No wallet was found")
    expect(developer.button("Development wallet")).to_be_visible()

    developer.install({"wallet": wallet, "injected": True})
    developer.open_wallet_page()
    expect(developer.page.get_by_role("status")).to_have_text("Choose a wallet.")
    developer.button("Browser wallet").click()

    signed_in(developer)
    assert SocialAccount.objects.get().uid == wallet.address


def test_it_speaks_eip_1193(developer, wallet):
    developer.install()
    developer.open_wallet_page()
    expect(developer.button("Development wallet")).to_have_count(1)

    told = developer.page.evaluate(
        """async () => {
            const found = []
            window.addEventListener('eip6963:announceProvider', ({ detail }) => found.push(detail))
            window.dispatchEvent(new Event('eip6963:requestProvider'))
            const { info, provider } = found[0]
            const request = (method) => provider.request({ method }).catch(({ code }) => code)
            request('eth_requestAccounts')
            await new Promise((resolve) => setTimeout(resolve, 500))
            return {
              count: found.length,
              name: info.name,
              icon: info.icon.slice(0, 19),
              chain: await request('eth_chainId'),
              accounts: await request('eth_accounts'),
              twice: await request('eth_requestAccounts'),
              unknown: await request('eth_sendTransaction')
            }
        }"""
    )

    assert told == {
        "count": 1,
        "name": "Development wallet",
        "icon": "data:image/svg+xml,",
        "chain": "0x1",
        "accounts": [],
        "twice": -32002,
        "unknown": -32002,
    }
    expect(developer.button("Development wallet")).to_have_count(1)


def test_a_server_that_refuses_is_a_wallet_that_fails(developer, settings):
    developer.allowed = re.compile("404")
    developer.open_wallet_page()
    expect(developer.button("Development wallet")).to_be_visible()
    settings.SOCIALACCOUNT_PROVIDERS["moralis"]["NETWORKS"] = ["solana"]

    developer.button("Development wallet").click()

    expect(developer.alert).to_contain_text("Something went wrong in your wallet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_its_window_is_accessible_and_fits(
    browser,
    live_server,
    on_this_machine,
    scheme,
    width,
):
    visitor = Visitor(
        browser, live_server.url, color_scheme=scheme, viewport={"width": width, "height": 700}
    )
    # What looks for faults puts styles into the page, to read those of the window.
    visitor.allowed = re.compile("Applying inline style")
    visitor.open_wallet_page()
    for press in ("Development wallet", "Ada", None):
        if press:
            visitor.button(press).click()
            visitor.page.get_by_role("button", name="Decline").wait_for()
        visitor.check_accessibility()
        visitor.check_fits()
    visitor.context.close()
    assert visitor.faults == []
