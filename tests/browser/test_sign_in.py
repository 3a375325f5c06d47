"""Signing in in a real Chromium."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from ..ceremony import search, short
from .common import ICON, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

# --- The main job --------------------------------------------------------------------------------


def test_from_the_login_page_to_the_profile_and_back_out(visitor, wallet, backend):
    visitor.install({"wallet": wallet, "icon": ICON})
    page = visitor.page

    page.goto("/accounts/login/")
    page.get_by_role("main").get_by_role("link", name="Sign in with a wallet").click()
    visitor.button().click()
    signed_in(visitor)
    expect(page.locator("bdi", has_text=short(wallet)).first).to_be_visible()
    page.get_by_text("What was verified").click()
    expect(page.get_by_text(f"Sign in to {urlsplit(visitor.url).netloc}").first).to_be_visible()
    page.get_by_role("button", name="Sign out").last.click()

    expect(page).to_have_url(visitor.url + "/")
    page.goto("/accounts/profile/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (wallet.address, backend)


def test_the_text_is_signed_as_hex_encoded_utf8(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    # Stop before the form is sent, so that the page and its record of calls stay.
    visitor.page.evaluate("HTMLFormElement.prototype.submit = () => {}")

    visitor.button().click()
    expect(visitor.page.get_by_role("status")).to_have_text("Checking the signature…")

    calls = visitor.page.evaluate("testWallets.calls")
    assert [call["method"] for call in calls] == [
        "eth_requestAccounts",
        "eth_chainId",
        "personal_sign",
    ]
    data, signer = calls[-1]["params"]
    assert signer == wallet.address.lower()
    assert bytes.fromhex(data[2:]).decode().startswith("localhost:")


def test_linking_a_second_wallet_from_the_profile(visitor, wallet, other_wallet):
    visitor.install({"wallet": wallet, "name": "First"}, {"wallet": other_wallet, "name": "Second"})
    visitor.open_wallet_page()
    visitor.button("First").click()
    signed_in(visitor)

    visitor.page.get_by_role("link", name="Link another wallet").click()
    visitor.button("Second").click()
    signed_in(visitor)

    expect(visitor.page.locator("bdi", has_text=short(other_wallet)).first).to_be_visible()
    assert get_user_model().objects.count() == 1
    assert SocialAccount.objects.count() == 2


def test_by_keyboard_alone(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    for _ in range(20):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.textContent").strip() == "MetaMask":
            break
    visitor.page.keyboard.press("Enter")

    signed_in(visitor)


def test_after_the_back_button(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    visitor.page.go_back()
    visitor.button().click()

    signed_in(visitor)


def test_next_is_where_it_ends(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page("?next=/accounts/email/")

    visitor.button().click()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")


# --- docs/headless.md ----------------------------------------------------------------------------


def test_the_example_for_single_page_applications_signs_in_and_links(visitor, wallet, other_wallet):
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "headless.md").read_text()
    example = search(r"```js\n(.*?)```", text, re.DOTALL)[1].replace("export ", "")
    visitor.install({"wallet": wallet, "injected": True})
    visitor.page.goto("/accounts/login/")
    visitor.context.clear_cookies()

    sign_in = f"async (process) => {{ {example}; return signIn(window.ethereum, process) }}"
    answer = visitor.page.evaluate(sign_in, "login")
    assert answer["meta"] == {"is_authenticated": True}
    assert SocialAccount.objects.get().uid == wallet.address

    visitor.install({"wallet": other_wallet, "injected": True})
    visitor.page.goto("/accounts/profile/")
    assert visitor.page.evaluate(sign_in, "connect")["status"] == 200
    assert SocialAccount.objects.count() == 2
