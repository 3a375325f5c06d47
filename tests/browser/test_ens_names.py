"""ENS names in a real Chromium: they come after the page, and only as text."""

import json
import re
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import Locator, Route, expect

from .common import Visitor, came_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

NAMES = "/accounts/moralis/names/"
PROFILE, CONNECTIONS = "/accounts/profile/", "/accounts/3rdparty/"


def name_on(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-moralis-ens]")


@pytest.mark.parametrize("page", [PROFILE, CONNECTIONS])
def test_the_name_of_a_wallet_appears_and_is_accessible(
    visitor, wallet, other_wallet, node, give_name, page
):
    give_name(wallet.address, "🦊ada.eth")
    came_in(visitor, wallet)
    visitor.page.wait_for_load_state("networkidle")  # SQLite locks the table while it is read
    user = get_user_model().objects.get()
    SocialAccount.objects.create(user=user, provider="moralis", uid=other_wallet.address)

    visitor.page.goto(page)

    expect(name_on(visitor).first).to_have_text("ENS name: 🦊ada.eth")
    expect(name_on(visitor).last).to_be_hidden()
    visitor.check_accessibility()
    visitor.page.set_viewport_size({"width": 320, "height": 700})
    visitor.check_fits()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<!doctype html>"),
        (200, "null"),
        (200, "[]"),
        (404, "{}"),
        (500, ""),
    ],
)
def test_a_page_is_whole_whatever_the_answer_is(visitor, wallet, node, status, body):
    visitor.allowed = re.compile("status of")
    visitor.page.route(f"**{NAMES}", lambda route: route.fulfill(status=status, body=body))
    came_in(visitor, wallet)

    with visitor.page.expect_response(f"**{NAMES}"):
        visitor.page.reload()

    visitor.page.get_by_text("Show the address").click()
    expect(visitor.page.get_by_text(wallet.address, exact=True).first).to_be_visible()
    expect(name_on(visitor)).to_be_hidden()


def test_markup_in_a_name_is_text(visitor, wallet, node):
    """No such name is ever sent. If one were, it would be read and not run."""
    name = "<img src=x onerror=alert(1)>"
    answer: dict[str, Any] = {wallet.address: name}

    def fulfil(route: Route) -> None:
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    visitor.page.route(f"**{NAMES}", fulfil)
    came_in(visitor, wallet)

    expect(name_on(visitor)).to_have_text(f"ENS name: {name}")
    assert visitor.page.locator("main img").count() == 0


def test_without_scripts_the_address_is_there_and_no_name(browser, visitor, wallet, node):
    came_in(visitor, wallet)
    state = visitor.context.storage_state()
    context = browser.new_context(
        base_url=visitor.url, storage_state=state, java_script_enabled=False
    )

    page = context.new_page()
    page.goto(PROFILE)

    page.get_by_text("Show the address").click()
    expect(page.get_by_text(wallet.address, exact=True).first).to_be_visible()
    expect(page.locator("[data-moralis-ens]")).to_be_hidden()
    context.close()
