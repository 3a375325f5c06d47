"""Every page in every state, for everybody: WCAG 2.2 AA on whatever screen, and by ear."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .common import Visitor, came_in
from .states import STATES, reach, signing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

#: What axe leaves out unless told is in here: `target-size` of WCAG 2.2.
RULES = [*(f"wcag{level}" for level in ("2a", "2aa", "21a", "21aa", "22aa")), "best-practice"]
#: What can differ where the colours do.
COLOURS = ["color-contrast", "link-in-text-block"]

#: Where colours are forced: what keeps its own all the same, and buttons without an edge. axe takes
#: `-webkit-text-fill-color` for the colour of text, which still has the page's own value there.
ODD_WHERE_FORCED = """
() => [...document.querySelectorAll('main *')].filter(element => {
  const { forcedColorAdjust, borderStyle, borderColor, backgroundColor } = getComputedStyle(element)
  const isOwn = forcedColorAdjust === 'none' && !element.closest('.moralis-mark')
  const isEdged = borderStyle !== 'none' && borderColor !== backgroundColor
  return isOwn || (element.matches('button') && element.checkVisibility() && !isEdged)
}).map(element => element.outerHTML)
"""


def axe(visitor: Visitor, kind: str, names: list[str]) -> None:
    results = Axe().run(visitor.page, options={"runOnly": {"type": kind, "values": names}})
    assert results.violations_count == 0, results.generate_report()


def check(visitor: Visitor) -> None:
    """Look at the page as it is, in all the ways in which people may."""
    page = visitor.page
    page.set_viewport_size({"width": 320, "height": 700})
    axe(visitor, "tag", RULES)
    visitor.check_fits()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    visitor.check_fits()
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour on its way
    axe(visitor, "rule", COLOURS)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(ODD_WHERE_FORCED) == []


@pytest.mark.parametrize("state", STATES)
def test_state_of_a_page_is_accessible_to_everybody(visitor, request, state):
    reach(state, visitor, request.getfixturevalue)

    check(visitor)


# --- Where the focus is ----------------------------------------------------------------------


def by_key(visitor: Visitor, name: str) -> None:
    visitor.button(name).focus()
    visitor.page.keyboard.press("Enter")


def test_focus_stays_on_the_wallet_from_the_press_to_the_error(visitor, wallet):
    visitor.install({"wallet": wallet, "holds": ["eth_chainId", "personal_sign"]})
    visitor.open_wallet_page()

    by_key(visitor, "MetaMask")
    expect(visitor.button("Cancel")).to_be_visible()
    expect(visitor.button()).to_be_focused()
    visitor.page.evaluate("testWallets.wallets[0].errors = {personal_sign: [4001]}")

    expect(visitor.button()).to_be_focused()


def test_focus_returns_to_the_wallet_after_cancel_and_after_an_error_meanwhile(visitor, wallet):
    visitor.page.clock.install()
    visitor.install({"wallet": wallet, "unanswered": 2})
    visitor.open_wallet_page()
    by_key(visitor, "MetaMask")

    by_key(visitor, "Cancel")
    expect(visitor.button()).to_be_focused()
    visitor.page.keyboard.press("Enter")
    visitor.button("Cancel").focus()
    visitor.page.clock.fast_forward(120_000)

    expect(visitor.alert).to_contain_text("Your wallet has not answered.")
    expect(visitor.button()).to_be_focused()


def test_focus_is_on_cancel_where_the_pressed_button_has_gone(visitor, wallet, other_wallet):
    visitor.install(
        {
            "wallet": wallet,
            "holds": ["personal_sign", "wallet_requestPermissions"],
            "chooses": other_wallet.address.lower(),
        }
    )
    visitor.open_wallet_page()
    visitor.button().click()
    expect(visitor.page.get_by_role("region")).to_contain_text(wallet.address)

    by_key(visitor, "Use another account")

    expect(visitor.button("Use another account")).to_be_hidden()
    expect(visitor.button("Cancel")).to_be_focused()


def test_focus_stays_on_another_account_where_it_remains(visitor, wallet):
    signing(visitor, wallet)
    visitor.button("Use another account").focus()

    visitor.page.wait_for_timeout(1200)  # the time that is left is told anew

    expect(visitor.button("Use another account")).to_be_focused()


# --- What is heard ---------------------------------------------------------------------------


def test_each_step_is_announced(visitor, wallet):
    signing(visitor, wallet)

    expect(visitor.page.get_by_role("status")).to_match_aria_snapshot(
        "- status: Read the text in your wallet, then sign it. Signing costs nothing."
    )
    expect(visitor.page.locator(".moralis-steps")).to_match_aria_snapshot(
        "- list:\n  - listitem: Connect\n  - listitem: Sign\n  - listitem: Done"
    )
    expect(visitor.page.locator("[aria-current=step]")).to_have_text("Sign")
    expect(visitor.page.get_by_role("timer")).to_be_visible()


def test_what_went_wrong_is_announced_in_a_place_that_was_there_before(visitor, wallet):
    visitor.install({"wallet": wallet, "errors": {"personal_sign": [4001]}})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_have_text("Choose a wallet.")
    place = visitor.page.get_by_role("alert").element_handle()

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_match_aria_snapshot(
        "- alert: You declined in your wallet, and nothing has changed. You can try again."
    )
    assert place.evaluate("element => element.isConnected && element.textContent !== ''")


def test_marks_of_wallets_are_passed_over(visitor, wallet):
    came_in(visitor, wallet)
    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"

    heading = visitor.page.get_by_role("heading", name=re.compile(short))

    expect(heading.locator("svg")).to_be_visible()
    expect(heading).to_match_aria_snapshot(f'- heading "{short} This session" [level=2]')


# --- What moves ------------------------------------------------------------------------------


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_who_asked_for_that(visitor, wallet, motion, moves):
    visitor.page.emulate_media(reduced_motion=motion)
    came_in(visitor, wallet)

    running = visitor.page.evaluate(
        "[...document.querySelectorAll('*')].map(element => getComputedStyle(element)).some("
        "style => style.transitionDuration !== '0s' || style.animationName !== 'none'"
        " || style.scrollBehavior === 'smooth')"
    )

    assert running is moves


# --- Copying ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/accounts/profile/", "/accounts/3rdparty/"])
def test_address_is_copied_in_full_and_that_is_said(visitor, wallet, page):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    came_in(visitor, wallet)
    visitor.page.goto(page)

    visitor.button("Copy address").click()

    expect(visitor.button("Copied")).to_have_attribute("aria-live", "polite")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == wallet.address
