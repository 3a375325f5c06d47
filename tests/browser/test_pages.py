"""Linking, leaving and confirming in a real Chromium, for everybody."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY

from .common import Visitor, came_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

# --- Linking, leaving, proving again -------------------------------------------------------------


def test_a_wallet_of_another_account_and_the_last_way_in(visitor, wallet, other_wallet):
    theirs = get_user_model().objects.create_user("ada")
    SocialAccount.objects.create(user=theirs, provider="moralis", uid=other_wallet.address)
    came_in(visitor, wallet)
    visitor.install({"wallet": other_wallet, "name": "Theirs"})
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("main").get_by_role("link", name="Wallet", exact=True).click()
    visitor.button("Theirs").click()
    expect(page.get_by_text("This wallet already opens another account.")).to_be_visible()
    page.get_by_role("radio").check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_text("This is the only way into your account.")).to_be_visible()
    assert SocialAccount.objects.count() == 2


def test_unlinking_a_wallet(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_wallet.address
    )
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_role("radio")).to_have_count(1)
    assert SocialAccount.objects.get().uid == wallet.address


def test_proving_again_before_a_second_factor_is_set_up(visitor, wallet, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    came_in(visitor, wallet)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1

    visitor.page.wait_for_timeout(1100)
    visitor.page.goto("/accounts/2fa/totp/activate/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    visitor.button().click()

    expect(visitor.page).to_have_url(re.compile("/2fa/totp/activate/"))


def grow_older(visitor: Visitor) -> None:
    """Let the session's sign-in, and its proof of a wallet, be too old to count."""
    (cookie,) = [one for one in visitor.context.cookies() if one["name"] == "sessionid"]
    session = SessionStore(cookie["value"])
    session[SESSION_KEY] = {**session[SESSION_KEY], "at": 0}
    session[SIGNED_IN_KEY] = 0
    session.save()


def test_a_removal_goes_on_once_the_wallet_has_confirmed(visitor, wallet, other_wallet, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    came_in(visitor, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_wallet.address
    )
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("radio").last.check()
    grow_older(visitor)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    expect(page.get_by_text("Afterwards, the connection that you chose")).to_be_visible()
    visitor.check_accessibility()
    assert SocialAccount.objects.count() == 2
    visitor.button().click()

    expect(page).to_have_url(re.compile("/accounts/3rdparty/$"))
    expect(page.get_by_role("radio")).to_have_count(1)
    assert SocialAccount.objects.get().uid == wallet.address


def test_naming_a_wallet(visitor, wallet):
    came_in(visitor, wallet)
    page = visitor.page

    page.get_by_text("Name this wallet").click()
    visitor.check_accessibility()
    page.get_by_label("Your own name for this wallet").fill("Ledger in the drawer")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Ledger in the drawer")).to_be_visible()
    page.goto("/accounts/3rdparty/")
    expect(page.get_by_role("radio", name="Ledger in the drawer")).to_be_visible()
