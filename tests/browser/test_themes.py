"""Our pages in a real Chromium, under templates that are not the demo's and the strict policy."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from .. import themes
from .common import signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.parametrize("theme", themes.THEMES.values(), ids=themes.THEMES)
def test_signing_in_and_copying_the_address(visitor, wallet, settings, theme):
    themes.use(settings, theme)
    visitor.allowed = re.compile("404")  # no theme has an icon
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.install({"wallet": wallet})

    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)
    visitor.page.get_by_role("button", name="Copy address").click()

    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Copy address")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == wallet.address
    assert SocialAccount.objects.get().uid == wallet.address


def test_watching_tag_in_a_bare_template(visitor, wallet, other_wallet, settings):
    visitor.allowed = re.compile("404")  # as above
    tag = "{% load moralis %}{% moralis_wallet_watch %}"
    themes.use(settings, {themes.BASE: f"{tag}{themes.BARE[themes.BASE]}"})
    visitor.install({"wallet": wallet, "shows": [other_wallet.address.lower()]})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)
    banner = visitor.page.locator("#moralis-watch")
    expect(banner.get_by_title(other_wallet.address.lower())).to_be_visible()

    visitor.page.get_by_role("button", name="Stay signed in").click()

    expect(banner).to_be_hidden()
