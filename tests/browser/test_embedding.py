"""``{% moralis_wallets %}`` in a real Chromium: one page to sign in, on this site and on others."""

import re
from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from .. import themes
from ..ceremony import short
from ..servers import serve
from .common import Visitor, came_in, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

LOG_IN = "/accounts/login/"


def page_with(*tags: str, extra: str = "") -> dict[str, str]:
    """A log-in page of somebody else's."""
    return {
        "account/login.html": (
            "{% load moralis %}<!doctype html><html lang=en><title>Come in</title>"
            f"<main><h1>Come in</h1>{''.join(tags)}</main>{extra}</html>"
        )
    }


# --- The demo's page -------------------------------------------------------------------------


def test_wallet_and_email_stand_on_one_page(visitor, wallet):
    visitor.install({"wallet": wallet})
    page = visitor.page

    page.goto(LOG_IN)
    expect(page.get_by_label("Password")).to_be_visible()
    visitor.button().click()
    signed_in(visitor)

    assert "GET /accounts/moralis/login/" not in visitor.requests
    assert SocialAccount.objects.get().uid == wallet.address


def test_next_of_the_page_is_where_it_ends(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.page.goto(f"{LOG_IN}?next=/accounts/email/")

    visitor.button().click()

    expect(visitor.page).to_have_url(f"{visitor.url}/accounts/email/")


def test_refusal_is_told_on_the_wallet_page_where_people_can_try_again(
    visitor, wallet, other_wallet
):
    visitor.allowed = re.compile("401")
    visitor.install({"wallet": wallet, "signer": other_wallet})
    visitor.page.goto(f"{LOG_IN}?next=/accounts/email/")

    visitor.button().click()

    expect(visitor.alert).to_have_attribute("data-error-code", "signature_invalid")
    visitor.wallets.signers[wallet.address.lower()] = wallet
    visitor.button().click()
    expect(visitor.page).to_have_url(f"{visitor.url}/accounts/email/")


def test_password_that_is_wrong_leaves_the_picker_at_work(visitor, wallet):
    visitor.install({"wallet": wallet})
    page = visitor.page
    page.goto(f"{LOG_IN}?next=/accounts/email/")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("are not correct")).to_be_visible()

    visitor.button().click()

    expect(page).to_have_url(f"{visitor.url}/accounts/email/")


def test_without_javascript_the_page_says_so_and_shows_the_other_way(browser, live_server):
    visitor = Visitor(browser, live_server.url, java_script_enabled=False)
    visitor.page.goto(LOG_IN)

    expect(visitor.page.get_by_text("needs JavaScript")).to_be_visible()
    expect(visitor.page.get_by_text("A wallet is an app")).to_be_hidden()
    expect(visitor.page.get_by_label("Password")).to_be_visible()
    visitor.page.get_by_role("main").get_by_role("link", name="Sign in with a wallet").click()
    expect(visitor.page).to_have_url(f"{visitor.url}/accounts/moralis/login/?process=login")
    visitor.context.close()


# --- Where no wallet is found ----------------------------------------------------------------


def test_visitor_without_a_wallet_is_told_what_it_is_and_where_to_get_one(visitor):
    visitor.page.goto(LOG_IN)

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    expect(visitor.page.get_by_text("A wallet is an app")).to_be_visible()
    link = visitor.page.get_by_role("link", name="MetaMask")
    expect(link).to_have_attribute("href", "https://metamask.io/download")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    visitor.check_accessibility()
    visitor.check_fits()


def test_what_a_wallet_is_stays_away_while_there_may_be_one(visitor, wallet):
    visitor.install({"wallet": wallet, "late": True})
    visitor.page.goto(LOG_IN)
    told = visitor.page.get_by_text("A wallet is an app")
    assert not told.is_visible()  # while it searches
    expect(told).to_be_visible()

    visitor.page.evaluate("testWallets.arrive()")

    expect(visitor.button()).to_be_visible()
    expect(told).to_be_hidden()


# --- Pages of other sites --------------------------------------------------------------------


def test_signed_in_visitor_links_a_wallet_on_a_page_of_the_sites_own(
    visitor, wallet, other_wallet, settings
):
    came_in(visitor, wallet)
    visitor.install({"wallet": other_wallet, "name": "Second"})
    tag = '{% load moralis %}{% moralis_wallets process="connect" next="/accounts/email/" %}'
    themes.use(settings, {"moralis/profile.html": f"<main>{tag}</main>"})
    visitor.allowed = re.compile("404")  # the page has no icon

    visitor.page.goto("/accounts/profile/")
    visitor.button("Second").click()
    expect(visitor.page).to_have_url(f"{visitor.url}/accounts/email/")

    assert get_user_model().objects.count() == 1
    assert {row.uid for row in SocialAccount.objects.all()} == {
        wallet.address,
        other_wallet.address,
    }


def test_each_of_two_pickers_signs_in(visitor, wallet, settings):
    themes.use(settings, page_with("{% moralis_wallets %}", '{% moralis_wallets next="/there/" %}'))
    visitor.allowed = re.compile("404")  # nor has it an icon
    visitor.install({"wallet": wallet, "holds": ["personal_sign"]})
    visitor.page.goto(LOG_IN)
    expect(visitor.button()).to_have_count(2)

    visitor.button().last.click()
    expect(visitor.page.get_by_role("timer")).to_be_visible()
    visitor.check_accessibility()
    visitor.page.evaluate("testWallets.answer('personal_sign')")

    expect(visitor.page).to_have_url(f"{visitor.url}/there/")


def test_site_hears_each_step_of_an_embedded_picker(visitor, wallet, settings):
    themes.use(settings, page_with("{% moralis_wallets %}"))
    visitor.allowed = re.compile("404")  # nor has it an icon
    visitor.context.add_init_script(
        "window.heard = []; for (const type of ['moralis:state', 'moralis:error'])"
        " document.addEventListener(type, (event) => {"
        " heard.push(event.detail.reason ?? event.detail.state);"
        " if (event.detail.fields) event.preventDefault() })"
    )
    visitor.install({"wallet": wallet, "errors": {"personal_sign": [4001]}})
    visitor.page.goto(LOG_IN)

    visitor.button().click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("You declined")
    visitor.button().click()
    expect(visitor.page.get_by_role("status")).to_have_text("Choose a wallet.")
    visitor.page.wait_for_timeout(300)

    steps = ["connecting", "preparing", "signing"]
    assert visitor.page.evaluate("heard") == [*steps, "idle", "rejected", *steps, "sending", "idle"]
    assert not SocialAccount.objects.exists()


@pytest.fixture
def stranger(browser, tmp_path) -> Iterator[Visitor]:
    """A visitor of a site of README's lines, with the tag in its log-in page."""
    with serve("plain_embedded", tmp_path) as site:
        visitor = Visitor(browser, site.url)
        visitor.allowed = re.compile("404|MIME")  # its server has no static files
        yield visitor
        visitor.context.close()
        assert visitor.faults == []


def test_plain_site_needs_no_more_than_the_tag(stranger, wallet):
    stranger.install({"wallet": wallet})
    stranger.page.goto(f"{LOG_IN}?next=/accounts/profile/")

    stranger.button().click()

    signed_in(stranger)
    expect(stranger.page.locator("bdi", has_text=short(wallet)).first).to_be_visible()
    assert "GET /accounts/moralis/login/" not in stranger.requests
