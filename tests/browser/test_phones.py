"""The page in a wallet's browser on a phone, and in one that has no wallet."""

import re
from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from .common import Visitor, came_in, signed_in
from .phones import PHONES
from .states import NAME, device_page
from .test_steps import CHALLENGE, VERIFY, count, status

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("phones"),
]


@pytest.fixture(params=["small iPhone"])
def visitor(browser, live_server, provider, request) -> Iterator[Visitor]:
    provider["RATE_LIMITS"] = False
    visitor = Visitor(browser, live_server.url, **PHONES[request.param])
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def links(visitor: Visitor):
    return visitor.page.locator(".moralis-links")


def waits_for_the_signature(visitor: Visitor, wallet) -> None:
    visitor.install({"wallet": wallet, "holds": ["personal_sign"]})
    visitor.open_wallet_page()
    visitor.button().tap()
    expect(status(visitor)).to_contain_text("Read the text in your wallet")


# --- In the browser of a wallet ---------------------------------------------------------------


@pytest.mark.parametrize("visitor", PHONES, indirect=True)
def test_one_wallet_and_one_tap(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page("?next=/accounts/email/")
    expect(visitor.button()).to_be_visible()
    assert visitor.page.evaluate("testWallets.calls") == []  # nothing is asked before the tap
    visitor.check_accessibility()
    visitor.check_fits()

    visitor.button().tap()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")
    assert SocialAccount.objects.get().uid == wallet.address


@pytest.mark.parametrize("seconds", [1, 3])
@pytest.mark.parametrize(
    ("comes", "name"),
    [({"injected": True, "silent": True}, "Browser wallet"), ({}, "MetaMask")],
    ids=["injected", "announced"],
)
def test_wallet_that_comes_late_takes_the_place_of_the_links(visitor, wallet, seconds, comes, name):
    visitor.page.clock.install()
    visitor.install({"wallet": wallet, "late": True, **comes})
    visitor.open_wallet_page()
    visitor.page.clock.run_for(seconds * 1000)
    expect(links(visitor)).to_be_visible()
    expect(status(visitor)).to_have_text(
        "No wallet was found in this browser. This is what you can do:"
    )

    visitor.page.evaluate("testWallets.arrive()")
    visitor.page.clock.run_for(1000)

    expect(links(visitor)).to_be_hidden()
    expect(status(visitor)).to_have_text("Choose a wallet.")
    visitor.page.clock.resume()
    visitor.button(name).tap()
    signed_in(visitor)


def test_what_is_going_on_is_on_a_small_screen(visitor, wallet):
    waits_for_the_signature(visitor, wallet)

    expect(status(visitor)).to_be_in_viewport()
    visitor.check_accessibility()
    visitor.check_fits()
    visitor.button("Cancel").tap()
    expect(visitor.button()).to_be_in_viewport(ratio=0.99)


#: How many lines each shortened address takes.
LINES = r"""
() => {
  const found = []
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { index, 0: short } of node.data.matchAll(/0x\w{4}…\w{4}/g)) {
      const range = document.createRange()
      range.setStart(node, index)
      range.setEnd(node, index + short.length)
      const tops = new Set([...range.getClientRects()].map((line) => Math.round(line.top)))
      if (tops.size) found.push(tops.size) // it is shown
    }
  }
  return found
}
"""


@pytest.mark.parametrize("path", ["moralis/login/?process=reauthenticate", "3rdparty/", "profile/"])
@pytest.mark.parametrize("width", [320, 360])
def test_short_addresses_stay_in_one_piece(visitor, wallet, path, width):
    came_in(visitor, wallet)
    visitor.page.set_viewport_size({"width": width, "height": 640})

    visitor.page.goto(f"/accounts/{path}")

    lines = visitor.page.evaluate(LINES)
    assert lines
    assert set(lines) == {1}


# --- Away and back ----------------------------------------------------------------------------


def test_app_switched_away_and_back_signs_what_was_asked_for(visitor, wallet):
    waits_for_the_signature(visitor, wallet)
    devtools = visitor.context.new_cdp_session(visitor.page)

    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    visitor.page.evaluate("testWallets.answer('personal_sign')")

    signed_in(visitor)
    assert visitor.requests.count(CHALLENGE) == 1


def test_phone_that_slept_longer_than_the_text_lives_is_given_a_fresh_one(visitor, wallet):
    visitor.page.clock.install()
    waits_for_the_signature(visitor, wallet)
    now = visitor.page.evaluate("Date.now()")

    visitor.page.clock.set_system_time(now + 600_000)  # no timer goes on meanwhile
    visitor.page.clock.run_for(1000)

    expect(status(visitor)).to_contain_text("your wallet was sent a new text")
    visitor.page.clock.resume()
    visitor.page.evaluate("testWallets.answer('personal_sign', 1)")
    signed_in(visitor)
    assert visitor.requests.count(CHALLENGE) == 2


def test_old_text_that_is_signed_on_waking_is_not_sent(visitor, wallet):
    visitor.page.clock.install()
    waits_for_the_signature(visitor, wallet)
    now = visitor.page.evaluate("Date.now()")

    visitor.page.clock.set_system_time(now + 600_000)
    visitor.page.evaluate("testWallets.answer('personal_sign')")
    visitor.page.clock.run_for(1000)

    expect(status(visitor)).to_contain_text("your wallet was sent a new text")
    assert VERIFY not in visitor.requests
    assert count(visitor, "personal_sign") == 2


def test_back_after_the_sign_in_shows_a_page_that_works(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().tap()
    signed_in(visitor)

    visitor.page.go_back()
    visitor.button().tap()

    signed_in(visitor)
    assert visitor.requests.count(VERIFY) == 2


def test_back_from_the_link_to_a_wallet_shows_the_links_again(visitor, provider):
    opened = f"{visitor.url}/?opened={{encoded}}"
    provider["WALLET_LINKS"] = [{"name": "Mine", "networks": ["evm"], "url": opened}]
    visitor.open_wallet_page()

    links(visitor).get_by_role("link", name="Mine").tap()
    expect(visitor.page).to_have_url(re.compile(r"\?opened=http.*login"))
    visitor.page.go_back()

    expect(links(visitor).get_by_role("link", name="Mine")).to_be_visible()
    visitor.check_accessibility()
    visitor.check_fits()


# --- The number of another device, and the keyboard -------------------------------------------


@pytest.fixture
def number_page(visitor, wallet, provider, client) -> Iterator[Visitor]:
    """The page that a phone has scanned, in the browser of a wallet."""
    device_page(visitor, wallet, provider, client)
    return visitor


def test_number_has_a_keyboard_of_digits(number_page):
    field = number_page.page.get_by_role("textbox")

    expect(field).to_have_attribute("inputmode", "numeric")
    expect(field).to_have_attribute("enterkeyhint", "done")
    expect(field).to_have_attribute("autocomplete", "off")


def test_enter_in_the_number_sends_nothing(number_page):
    field = number_page.page.get_by_role("textbox")
    field.fill("47")

    field.press("Enter")

    expect(field).to_have_value("47")
    expect(number_page.button(NAME)).to_be_visible()
    assert VERIFY not in number_page.requests


def test_what_is_missing_is_on_the_screen_beside_the_keyboard(number_page):
    number_page.page.set_viewport_size({"width": 320, "height": 280})  # which leaves as much

    number_page.button(NAME).tap()

    field = number_page.page.get_by_role("textbox")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport(ratio=0.99)
    number_page.check_fits()
