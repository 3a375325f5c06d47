"""What the tests of browser share."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from allauth_moralis.testing import SigningWallet
from allauth_moralis.testing.browser import PlaywrightWallets

ICON = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="


class Visitor:
    """A browser with wallets in it. It fails on whatever a page should not have done."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(base_url=url, **options)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.told: list[str] = []
        self.allowed = re.compile(r"(?!)")
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._on_request)
        self.wallets = PlaywrightWallets(self.context)

    def install(self, *wallets: dict[str, Any]) -> None:
        """Put wallets into the browser: ``wallet``, and its name and behaviour."""
        for described in wallets:
            self.wallets.install(**{"name": "MetaMask", **described})

    def install_standard(self, wallet: SigningWallet, **behaviour: Any) -> None:
        """Put one wallet of the Wallet Standard into the browser."""
        self.wallets.install(wallet, **{"name": "Phantom", **behaviour})

    def _on_console(self, message: ConsoleMessage) -> None:
        # What a wallet said when it failed is told to whoever looks there.
        if message.text.startswith("moralis: the wallet failed:"):
            self.told.append(message.text)
        elif message.type in ("error", "warning") and not self.allowed.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(f"{request.method} {urlsplit(request.url).path}")
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(
            self.url
        ):
            self.faults.append(f"request to another host: {request.url}")

    def open_wallet_page(self, query: str = "") -> None:
        self.page.goto(f"/accounts/moralis/login/{query}")

    def button(self, name: str | re.Pattern[str] = "MetaMask"):
        return self.page.get_by_role("button", name=name)

    @property
    def alert(self):
        return self.page.locator("main [role=alert][data-error-code], #moralis-alert").first

    def wait_for_listener(self) -> None:
        """Until the watching script listens to the wallet."""
        # Not `wait_for_function`, which polls by `eval` inside the page: its policy forbids that.
        for _ in range(100):
            if self.page.evaluate("testWallets.listeners.length"):
                return
            self.page.wait_for_timeout(50)
        pytest.fail("no page listens to the wallet")

    def check_accessibility(self) -> None:
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()

    def check_fits(self) -> None:
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(overflow) <= 0


def signed_in(visitor: Visitor) -> None:
    expect(visitor.page).to_have_url(re.compile(r"/accounts/profile/$"))


def came_in(visitor: Visitor, wallet: SigningWallet, **behaviour: object) -> None:
    visitor.install({"wallet": wallet, **behaviour})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)
