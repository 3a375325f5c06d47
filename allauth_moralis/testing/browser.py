"""Wallets for the browser of a test: ``wallet.js`` announces them there, and they sign in Python.

The keys never enter the browser. Neither Playwright nor Selenium is imported.
"""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

from ..siwx.wallets import EVM
from .wallets import AptosWallet, SigningWallet

SCRIPT = (Path(__file__).parent / "wallet.js").read_text(encoding="utf-8")
POLL = 0.05  # seconds


class WalletBehaviour(TypedDict, total=False):
    """How a wallet differs from one that simply does what the page asks."""

    icon: object
    #: The wallet's ``uuid`` (EIP-6963); by default a new one.
    uuid: str
    #: The chain id as the wallet writes it (EIP-155); by default ``0x1``.
    chain_id: str
    #: The wallet only sets ``window.ethereum`` and does not announce itself.
    injected: bool
    #: The wallet appears when the page calls ``testWallets.arrive()``.
    late: bool
    #: How many milliseconds each of its responses takes.
    delay: int
    #: The wallet shares no account with the page.
    locked: bool
    #: How many requests to connect it leaves without a response.
    unanswered: int
    #: By method, the error codes with which it fails, one for each call (EIP-1193).
    errors: dict[str, list[object]]
    #: The addresses that a page sees without asking.
    shows: list[str]
    #: Solana: the wallet throws an error with this message.
    failure: str
    #: Aptos: the wallet responds that the user declined (AIP-62).
    rejects: bool
    #: By method, what it throws as it is, one thing for each call.
    throws: dict[str, list[object]]
    #: The methods whose answers wait until a test calls ``testWallets.answer(method)``.
    holds: list[str]
    #: The address that its user chooses when a page asks for another account (EIP-2255).
    chooses: str
    #: What ``window.ethereum`` says it is, as ``{"isRabby": True}``.
    says: dict[str, bool]
    #: ``window.ethereum`` comes without an event.
    silent: bool
    #: The wallet announces a new provider object each time.
    renews: bool
    #: Solana: accounts before its own that it can only watch.
    watches: list[str]
    #: Solana: ``nothing``, where connecting returns no account and the wallet lists it itself.
    connects: str
    #: How the wallet writes bytes. Solana: ``list``, ``one``, ``buffer``, ``hex``, ``json``,
    #: ``node``. Aptos: ``hex``, ``objects``, ``wrapped``, ``bytes``, ``array``.
    writes: str
    #: Aptos: the wallet signs the bare text, without a wrapper.
    bare: bool
    #: Sign with the key of this other wallet.
    signer: SigningWallet


class BrowserWallets:
    """The wallets of one browser."""

    def __init__(self) -> None:
        #: The signing wallets by the address that the page knows.
        self.signers: dict[str, SigningWallet] = {}

    def script(
        self, wallet: SigningWallet, name: str = "Test wallet", **behaviour: Unpack[WalletBehaviour]
    ) -> str:
        """Return the JavaScript that puts a wallet into a page. Run it before the page's own."""
        # Ethereum wallets give their address in lower case.
        address = wallet.address.lower() if wallet.network == EVM else wallet.address
        self.signers[address] = behaviour.pop("signer", wallet)
        described = {
            "name": name,
            "network": wallet.network,
            "address": address,
            "uuid": str(uuid.uuid4()),
            "publicKey": wallet.public_key if isinstance(wallet, AptosWallet) else None,
            **behaviour,
        }
        return f"({SCRIPT})({json.dumps(described)})"

    def sign(self, address: str, text: str) -> str:
        """Sign a text for the page, and return the signature in hex."""
        return self.signers[address].sign_bytes(text).hex()


class PlaywrightTarget(Protocol):
    """A ``Page`` or a ``BrowserContext`` of Playwright's synchronous API."""

    def expose_function(self, name: str, callback: Callable[..., Any]) -> Any: ...

    def add_init_script(self, script: str) -> Any: ...


class PlaywrightWallets(BrowserWallets):
    """The wallets of a page, or of all pages of a context. Create it before any page is opened."""

    def __init__(self, target: PlaywrightTarget) -> None:
        super().__init__()
        self.target = target
        target.expose_function("testWalletSign", self.sign)

    def install(
        self, wallet: SigningWallet, name: str = "Test wallet", **behaviour: Unpack[WalletBehaviour]
    ) -> None:
        """Put a wallet into every page that is loaded from now on."""
        self.target.add_init_script(self.script(wallet, name, **behaviour))


class ChromiumDriver(Protocol):
    """A Selenium driver for Chromium: ``webdriver.Chrome`` or ``webdriver.Edge``."""

    def execute_script(self, script: str, *args: Any) -> Any: ...

    def execute_cdp_cmd(self, cmd: str, cmd_args: dict[str, Any]) -> Any: ...


class SeleniumWallets(BrowserWallets):
    """The wallets of a Selenium driver's pages.

    A page cannot call back into Selenium, so it queues its requests for a signature until
    ``serve`` fetches them.
    """

    def __init__(self, driver: ChromiumDriver) -> None:
        super().__init__()
        self.driver = driver

    def install(
        self, wallet: SigningWallet, name: str = "Test wallet", **behaviour: Unpack[WalletBehaviour]
    ) -> None:
        """Put a wallet into every page that is loaded from now on."""
        source = {"source": self.script(wallet, name, **behaviour)}
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)

    def serve(self, *, signatures: int = 1, timeout: float = 10) -> None:
        """Wait until the page has asked for this many ``signatures``, and provide them.

        Raise ``TimeoutError`` after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while signatures > 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no page asked for a signature within {timeout} seconds")
            taken = self.driver.execute_script("return window.testWallets?.take() ?? []")
            for request in taken:
                signature = self.sign(request["address"], request["text"])
                self.driver.execute_script(
                    "window.testWallets.give(...arguments)", request["id"], signature
                )
            signatures -= len(taken)
            if not taken:
                time.sleep(POLL)
