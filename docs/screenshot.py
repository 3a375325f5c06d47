"""Make ``docs/pages.png``, the README's picture, of the demo as it is.

Run ``make run`` in one terminal and ``.venv/bin/python docs/screenshot.py`` in another.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from allauth_moralis.testing import EvmWallet  # noqa: E402 - after the path
from allauth_moralis.testing.browser import PlaywrightWallets  # noqa: E402 - after the path

URL = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"  # public, for tests
NAMES = {"MetaMask": "%23e2761b", "Rabby Wallet": "%237084ff"}
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'>"
    "<rect width='10' height='10' rx='2.5' fill='{}'/></svg>"
)
PAGE = """<!DOCTYPE html>
<style>
body {{ margin: 0; padding: 24px; display: flex; gap: 24px; width: max-content }}
body {{ background: #d9dcd6 }}
img {{ height: 620px; border-radius: 12px; box-shadow: 0 4px 24px #0003 }}
</style>
{}"""


def main() -> None:
    wallet = EvmWallet.from_hex(KEY)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            chromium_sandbox=os.geteuid() != 0,
        )
        pictures = []
        schemes: list[tuple[Literal["light", "dark"], int]] = [("light", 760), ("dark", 420)]
        for scheme, width in schemes:
            context = browser.new_context(
                base_url=URL,
                color_scheme=scheme,
                viewport={"width": width, "height": 800},
                device_scale_factor=2,
            )
            page = context.new_page()
            wallets = PlaywrightWallets(page)
            for name, colour in NAMES.items():
                wallets.install(wallet, name, icon=ICON.format(colour))
            page.goto("/accounts/moralis/login/")
            page.get_by_role("button", name="MetaMask").wait_for()
            if scheme == "dark":
                page.get_by_role("button", name="MetaMask").click()
                page.wait_for_url("**/profile/")
                page.reload()  # without the greeting
            pictures.append(Path(folder, f"{scheme}.png"))
            page.screenshot(path=pictures[-1])
        page = browser.new_page(device_scale_factor=1)
        sheet = Path(folder, "sheet.html")
        sheet.write_text(PAGE.format("".join(f'<img src="{path.name}">' for path in pictures)))
        page.goto(sheet.as_uri())
        page.locator("body").screenshot(path=ROOT / "docs" / "pages.png")
        browser.close()


if __name__ == "__main__":
    main()
