"""Languages that are written from right to left: pages turn round, and fit."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .common import ICON, Visitor, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

ROOT = Path(__file__).parent.parent.parent
STYLES = [*(ROOT / "static").glob("*.css"), *(ROOT / "allauth_moralis/static").rglob("*.css")]


@pytest.fixture(params=[320, 1280])
def arabs_visit(request, browser, live_server, provider, settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    provider["RATE_LIMITS"] = False
    visitor = Visitor(
        browser,
        live_server.url,
        locale="ar",
        viewport={"width": request.param, "height": 700},
        reduced_motion="reduce",
    )
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def check_page(visitor: Visitor) -> None:
    expect(visitor.page.locator("html")).to_have_attribute("dir", "rtl")
    visitor.check_accessibility()
    visitor.check_fits()


def starts_at(visitor: Visitor, selector: str) -> str:
    """Return the side at which the lines of the first such element begin."""
    return visitor.page.locator(selector).first.evaluate(
        "element => getComputedStyle(element).direction === 'rtl' ? 'right' : 'left'"
    )


def runs_left_to_right(visitor: Visitor, text: str) -> bool:
    """Whether the last letter of the element stands to the right of its first."""
    return visitor.page.get_by_text(text, exact=True).first.evaluate(
        """element => {
            const [text] = element.childNodes
            const left = (at) => {
                const letter = document.createRange()
                letter.setStart(text, at)
                letter.setEnd(text, at + 1)
                return letter.getBoundingClientRect().left
            }
            return left(0) < left(text.length - 1)
        }"""
    )


def test_pages_turn_round_and_fit(arabs_visit, wallet):
    visitor = arabs_visit
    visitor.install(
        {"wallet": wallet, "icon": ICON, "name": "A wallet with quite a long name"},
        {"wallet": wallet, "name": "Another", "holds": ["personal_sign"]},
    )
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/moralis/login/"):
        visitor.page.goto(path)
        check_page(visitor)
    icon, name = visitor.button("A wallet").locator("img"), visitor.button("A wallet")
    assert icon.bounding_box()["x"] > name.bounding_box()["x"] + name.bounding_box()["width"] / 2

    visitor.button("A wallet").click()
    signed_in(visitor)
    visitor.page.get_by_text("What was verified").click()
    check_page(visitor)
    assert starts_at(visitor, "h1") == "right"
    assert starts_at(visitor, "pre.moralis-text") == "left"
    assert runs_left_to_right(visitor, f"{visitor.url}/")
    for path in ("/accounts/3rdparty/", "/accounts/moralis/login/?process=connect"):
        visitor.page.goto(path)
        check_page(visitor)


def test_what_is_signed_is_shown_as_the_wallet_shows_it(arabs_visit, wallet):
    visitor = arabs_visit
    visitor.install({"wallet": wallet, "holds": ["personal_sign"]})
    visitor.open_wallet_page()
    visitor.button().click()

    expect(visitor.page.locator("[data-moralis=message]")).to_contain_text(wallet.address)
    check_page(visitor)
    assert starts_at(visitor, "[data-moralis=status]") == "right"
    assert starts_at(visitor, "[data-moralis=message]") == "left"


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_know_no_left_and_right(path):
    """But for shadows, which have no logical form: their rule is there for both directions."""
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    uneven = re.findall(
        r"(?:margin|padding|inset):\s*[^;\s]+ ([^;\s]+) [^;\s]+ (?!\1;)[^;\s]+;", rules
    )

    assert re.findall(r"(?:^|[\s;{])[\w-]*\b(?:left|right)(?:-[\w-]+)?\s*:", rules) == []
    assert re.findall(r":\s*(?:left|right)\s*;", rules) == []
    assert uneven == []
