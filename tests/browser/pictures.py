"""Make ``docs/images/``: each page in each state, on a desktop, on a phone and in the dark.

No name of a test, so that only ``make screenshots`` runs it.
"""

import base64
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from playwright.sync_api import expect

from allauth_moralis.testing import EvmWallet

from . import states
from .common import Visitor
from .phones import PHONES

IMAGES = Path(__file__).parents[2] / "docs" / "images"
QUALITY = 80  # of WebP


COMPUTER = {"viewport": {"width": 1100, "height": 760}}
PHONE = {**PHONES["Android"], "device_scale_factor": 1}


class Look(NamedTuple):
    name: str
    #: Options of the browser's context.
    device: dict[str, Any]
    scheme: Literal["light", "dark"]


LOOKS = [
    Look("desktop", COMPUTER, "light"),
    Look("dark", COMPUTER, "dark"),
    Look("phone", PHONE, "light"),
]
#: States that the one or the other of two devices has.
ONLY = {"device_panel": COMPUTER, "device_page": PHONE, "device_page_without_wallet": PHONE}
#: States that are further down on their page.
FURTHER_DOWN = {"device_panel", "contract_wallet"}
PICTURES = [
    (state, look)
    for state in states.STATES
    for look in LOOKS
    if ONLY.get(state, look.device) is look.device
]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def wallet() -> EvmWallet:
    """The same for every picture. The key is public."""
    return EvmWallet.from_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")


@pytest.fixture
def other_wallet() -> EvmWallet:
    return EvmWallet.from_hex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")


@pytest.mark.parametrize(("state", "look"), PICTURES)
def test_picture(browser, live_server, provider, request, monkeypatch, state, look):
    monkeypatch.setattr(states, "NAME", "MetaMask")
    provider["RATE_LIMITS"] = False
    visitor = Visitor(browser, live_server.url, **look.device)
    visitor.page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")

    states.reach(state, visitor, request.getfixturevalue)
    expect(visitor.page.get_by_text("Looking for wallets")).to_have_count(0)
    if state not in FURTHER_DOWN:
        visitor.page.evaluate("scrollTo(0, 0)")

    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"{state.replace('_', '-')}-{look.name}.webp"
    path.write_bytes(picture(visitor))
    assert path.stat().st_size > 1000
    visitor.context.close()


def picture(visitor: Any) -> bytes:
    """Return the page as WebP, which Playwright itself does not write."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    options = {"format": "webp", "quality": QUALITY}
    return base64.b64decode(devtools.send("Page.captureScreenshot", options)["data"])
