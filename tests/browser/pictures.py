"""Make ``docs/images/``: each page in each state, on a desktop, on a phone and in the dark.

No name of a test, so that only ``make screenshots`` runs it.
"""

import base64
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from allauth_moralis.testing import EvmWallet

from . import states

IMAGES = Path(__file__).parents[2] / "docs" / "images"
QUALITY = 80  # of WebP


class Look(NamedTuple):
    width: int
    height: int
    scheme: Literal["light", "dark"]


LOOKS = {
    "desktop": Look(1100, 760, "light"),
    "phone": Look(360, 740, "light"),
    "dark": Look(1100, 760, "dark"),
}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def wallet() -> EvmWallet:
    """The same for every picture. The key is public."""
    return EvmWallet.from_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")


@pytest.fixture
def other_wallet() -> EvmWallet:
    return EvmWallet.from_hex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")


@pytest.mark.parametrize("state", states.STATES)
def test_picture(visitor, request, monkeypatch, state):
    monkeypatch.setattr(states, "NAME", "MetaMask")
    states.reach(state, visitor, request.getfixturevalue)
    IMAGES.mkdir(exist_ok=True)

    for name, look in LOOKS.items():
        visitor.page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        visitor.page.set_viewport_size({"width": look.width, "height": look.height})
        visitor.page.evaluate("scrollTo(0, 0)")
        path = IMAGES / f"{state.replace('_', '-')}-{name}.webp"
        path.write_bytes(picture(visitor))
        assert path.stat().st_size > 1000


def picture(visitor: Any) -> bytes:
    """Return the page as WebP, which Playwright itself does not write."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    options = {"format": "webp", "quality": QUALITY}
    return base64.b64decode(devtools.send("Page.captureScreenshot", options)["data"])
