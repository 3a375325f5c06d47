"""The pages in a real Chromium, with a wallet whose signatures are made by a real key."""

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from allauth_moralis.emulator import Emulator

from .accounts import Account, AptosAccount, SolanaAccount
from .browser import MISSING, find, launch_options

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WALLET_JS = (Path(__file__).parent / "wallet.js").read_text()
ICON = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not find():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # Playwright's synchronous interface runs an event loop in this thread, where Django then
    # takes every query for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visitor:
    """A browser with wallets in it. It fails on whatever a page should not have done."""

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(base_url=url, **options)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.allowed = re.compile(r"(?!)")
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._on_request)
        self.page.expose_function("__sign", self._sign)
        self.page.expose_function("__signText", self._sign_text)
        self.accounts: dict[str, Account] = {}

    def install(self, *wallets: dict) -> None:
        """Put wallets into the browser: ``account`` and whatever ``wallet.js`` understands."""
        described = []
        for wallet in wallets:
            account: Account = wallet.pop("account")
            # As MetaMask does: in lower case.
            address = account.address.lower()
            self.accounts[address] = wallet.pop("signer", account)
            described.append(
                {"name": "MetaMask", "uuid": str(uuid.uuid4()), "address": address, **wallet}
            )
        self.context.add_init_script(f"window.__wallets = {json.dumps(described)};{WALLET_JS}")

    def install_standard(self, account: Account, **wallet: object) -> None:
        """Put one wallet of the Wallet Standard into the browser."""
        self.accounts[account.address] = account
        described = {
            "name": "Phantom",
            "address": account.address,
            "publicKey": getattr(account, "public_key", None),
            "networks": [account.network],
            **wallet,
        }
        self.context.add_init_script(
            f"window.__wallets = []; window.__standardWallets = {json.dumps([described])};"
            f"{WALLET_JS}"
        )

    def _sign_text(self, address: str, text: str) -> str:
        account = self.accounts[address]
        return account.key.sign(text.encode()).signature.hex()

    def _sign(self, address: str, data: str, signer: str) -> str:
        assert signer == address
        return self.accounts[address].sign(bytes.fromhex(data.removeprefix("0x")).decode())

    def _on_console(self, message: object) -> None:
        if message.type in ("error", "warning") and not self.allowed.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: object) -> None:
        self.requests.append(f"{request.method} {urlsplit(request.url).path}")
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(
            self.url
        ):
            self.faults.append(f"request to another host: {request.url}")

    def open_wallet_page(self, query: str = "") -> None:
        self.page.goto(f"/accounts/moralis/login/{query}")

    def button(self, name: str = "MetaMask"):
        return self.page.get_by_role("button", name=name)

    @property
    def alert(self):
        return self.page.locator("main [role=alert][data-error-code], #moralis-alert").first

    def wait_for_listener(self) -> None:
        """Until the watching script listens to the wallet."""
        # Not `wait_for_function`, which polls by `eval` inside the page: its policy forbids that.
        for _ in range(100):
            if self.page.evaluate("window.__listeners.length"):
                return
            self.page.wait_for_timeout(50)
        pytest.fail("no page listens to the wallet")

    def check_accessibility(self) -> None:
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()

    def check_fits(self) -> None:
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(overflow) <= 0


@pytest.fixture
def visitor(browser, live_server, provider) -> Iterator[Visitor]:
    provider["RATE_LIMITS"] = False
    visitor = Visitor(browser, live_server.url)
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def signed_in(visitor: Visitor) -> None:
    expect(visitor.page).to_have_url(re.compile(r"/accounts/profile/$"))


# --- The main job ----------------------------------------------------------------------------


def test_from_the_login_page_to_the_profile_and_back_out(visitor, account, backend):
    visitor.install({"account": account, "icon": ICON})
    page = visitor.page

    page.goto("/accounts/login/")
    page.get_by_role("main").get_by_role("link", name="Sign in with a wallet").click()
    visitor.button().click()
    signed_in(visitor)
    expect(page.get_by_text(account.address, exact=True).first).to_be_visible()
    page.get_by_text("What was verified").click()
    expect(page.get_by_text(f"Sign in to {urlsplit(visitor.url).netloc}").first).to_be_visible()
    page.get_by_role("button", name="Sign out").last.click()

    expect(page).to_have_url(visitor.url + "/")
    page.goto("/accounts/profile/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (account.address, backend)


def test_the_text_is_signed_as_hex_encoded_utf8(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page()
    # Stop before the form is sent, so that the page and its record of calls stay.
    visitor.page.evaluate("HTMLFormElement.prototype.submit = () => {}")

    visitor.button().click()
    expect(visitor.page.get_by_role("status")).to_have_text("Checking the signature…")

    calls = visitor.page.evaluate("window.__calls")
    assert [call["method"] for call in calls] == [
        "eth_requestAccounts",
        "eth_chainId",
        "personal_sign",
    ]
    data, signer = calls[-1]["params"]
    assert signer == account.address.lower()
    assert bytes.fromhex(data[2:]).decode().startswith("localhost:")


def test_linking_a_second_wallet_from_the_profile(visitor, account, other_account):
    visitor.install(
        {"account": account, "name": "First"}, {"account": other_account, "name": "Second"}
    )
    visitor.open_wallet_page()
    visitor.button("First").click()
    signed_in(visitor)

    visitor.page.get_by_role("link", name="Link another wallet").click()
    visitor.button("Second").click()
    signed_in(visitor)

    expect(visitor.page.get_by_text(other_account.address, exact=True).first).to_be_visible()
    assert get_user_model().objects.count() == 1
    assert SocialAccount.objects.count() == 2


def test_by_keyboard_alone(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    for _ in range(20):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.textContent").strip() == "MetaMask":
            break
    visitor.page.keyboard.press("Enter")

    signed_in(visitor)


def test_after_the_back_button(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    visitor.page.go_back()
    visitor.button().click()

    signed_in(visitor)


def test_next_is_where_it_ends(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page("?next=/accounts/email/")

    visitor.button().click()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")


# --- Which wallets are listed ----------------------------------------------------------------


def test_a_wallet_that_announces_itself_late(visitor, account):
    visitor.install({"account": account, "late": 1500})
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    visitor.button().click()

    signed_in(visitor)


def test_two_wallets_of_one_name_are_both_listed(visitor, account, other_account):
    visitor.install({"account": account}, {"account": other_account})
    visitor.open_wallet_page()

    expect(visitor.button()).to_have_count(2)


def test_a_wallet_that_announces_itself_twice_is_listed_once(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page()
    expect(visitor.button()).to_have_count(1)

    visitor.page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")

    expect(visitor.button()).to_have_count(1)


def test_a_wallet_that_only_sets_window_ethereum(visitor, account):
    visitor.install({"account": account, "legacy": True})
    visitor.open_wallet_page()

    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_gives_way_to_wallets_that_announce_themselves(visitor, account):
    visitor.install({"account": account}, {"account": account, "legacy": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_have_text("Choose the wallet to use.")
    visitor.page.wait_for_timeout(1000)  # past the search

    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_window_ethereum_that_comes_late(visitor, account):
    visitor.install({"account": account, "legacy": True, "late": 1200})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")

    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_goes_when_its_wallet_announces_itself_late(visitor, account):
    visitor.install({"account": account, "legacy": True}, {"account": account, "late": 1200})
    visitor.open_wallet_page()
    expect(visitor.button("Browser wallet")).to_be_visible()

    expect(visitor.button("MetaMask")).to_be_visible()
    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_two_wallets_that_claim_one_id(visitor, account, other_account):
    visitor.install(
        {"account": account, "uuid": "copied", "name": "One"},
        {"account": other_account, "uuid": "copied", "name": "Two"},
    )
    visitor.open_wallet_page()

    expect(visitor.button("One")).to_be_visible()
    expect(visitor.button("Two")).to_be_visible()


def test_no_wallet_says_what_to_do(visitor):
    visitor.install()
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    expect(visitor.page.get_by_role("status")).to_contain_text("Install a wallet extension")


def test_a_name_with_markup_is_text(visitor, account):
    name = '<img src=x onerror="window.__owned = 1"> & Söhne'
    visitor.install({"account": account, "name": name})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets button")).to_have_text(name)
    assert visitor.page.evaluate("window.__owned") is None


@pytest.mark.parametrize(
    "icon",
    ["https://evil.example/icon.png", "/static/favicon.svg", "javascript:alert(1)",
     "data:text/html,x", 7, None],
)  # fmt: skip
def test_an_icon_that_is_not_an_image_in_itself_is_not_asked_for(visitor, account, icon):
    visitor.install({"account": account, "icon": icon})
    visitor.open_wallet_page()

    expect(visitor.button()).to_be_visible()
    assert visitor.page.locator("#moralis-wallets img").count() == 0


def test_an_icon_that_is_an_image_is_shown(visitor, account):
    visitor.install({"account": account, "icon": ICON})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets img")).to_have_attribute("src", ICON)


@pytest.mark.parametrize("detail", ["null", "{}", "{info: {name: 'x'}}", "{provider: {}}"])
def test_an_announcement_that_is_none_is_ignored(visitor, account, detail):
    visitor.install({"account": account})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    visitor.page.evaluate(
        f"window.dispatchEvent(new CustomEvent('eip6963:announceProvider', {{detail: {detail}}}))"
    )

    assert visitor.page.locator("#moralis-wallets button").count() == 1


# --- Solana and Aptos ------------------------------------------------------------------------


@pytest.fixture
def every_network(provider) -> None:
    provider["NETWORKS"] = ["evm", "solana", "aptos"]


def test_a_solana_wallet(visitor, backend, every_network):
    account = SolanaAccount()
    visitor.install_standard(account, icon=ICON)
    visitor.open_wallet_page()

    visitor.button("Phantom (Solana)").click()
    signed_in(visitor)

    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (account.address, backend)


@pytest.mark.parametrize("objects", [False, True], ids=["hex", "objects"])
def test_an_aptos_wallet(visitor, backend, every_network, objects):
    account = AptosAccount()
    visitor.install_standard(account, name="Petra", objects=objects)
    visitor.open_wallet_page()

    visitor.button("Petra (Aptos)").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == account.address


def test_a_wallet_of_the_standard_that_comes_late_is_listed_once(visitor, every_network):
    visitor.install_standard(SolanaAccount(), late=1200)
    visitor.open_wallet_page()
    visitor.page.wait_for_timeout(1600)

    expect(visitor.button("Phantom")).to_have_count(1)


def test_a_network_that_is_not_offered_has_no_button(visitor, provider):
    provider["NETWORKS"] = ["evm"]
    visitor.install_standard(SolanaAccount())
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


@pytest.mark.parametrize(
    ("account", "wallet", "sentence"),
    [
        (SolanaAccount(), {"locked": True}, "Your wallet gave no account."),
        (SolanaAccount(), {"fail": "User rejected the request."}, "You declined in your wallet."),
        (SolanaAccount(), {"fail": "Internal error"}, "Your wallet could not do this."),
        (AptosAccount(), {"locked": True}, "Your wallet gave no account."),
        (AptosAccount(), {"rejects": True}, "You declined in your wallet."),
    ],
)
def test_a_wallet_of_the_standard_that_says_no(visitor, every_network, account, wallet, sentence):
    visitor.install_standard(account, **wallet)
    visitor.open_wallet_page()

    visitor.button("Phantom").click()

    expect(visitor.page.get_by_role("alert")).to_contain_text(sentence)


# --- When it does not go well ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "code", "sentence"),
    [
        ("eth_requestAccounts", 4001, "You declined in your wallet."),
        ("personal_sign", 4001, "You declined in your wallet."),
        ("personal_sign", "ACTION_REJECTED", "You declined in your wallet."),
        ("personal_sign", "4001", "You declined in your wallet."),
        ("personal_sign", 5000, "You declined in your wallet."),
        ("eth_requestAccounts", -32002, "Your wallet is already asking you something."),
        ("eth_requestAccounts", 4100, "Your wallet gave no account."),
        ("eth_chainId", -32603, "Your wallet could not do this."),
        ("personal_sign", -32603, "Your wallet could not do this."),
    ],
)
def test_a_wallet_that_says_no_once(visitor, account, method, code, sentence):
    """It gets a sentence of its own, and the page can be used again at once."""
    visitor.install({"account": account, "fail": {method: [code]}})
    visitor.open_wallet_page()

    visitor.button().click()
    expect(visitor.page.get_by_role("alert")).to_contain_text(sentence)
    expect(visitor.button()).to_have_attribute("aria-disabled", "false")
    visitor.button().click()

    signed_in(visitor)


def test_a_locked_wallet(visitor, account):
    visitor.install({"account": account, "locked": True})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("Unlock it")


def test_a_wallet_that_never_answers_does_not_hold_the_page(visitor, account, other_account):
    """Its window was closed without a word: another wallet, or the same again, takes over."""
    visitor.install(
        {"account": account, "name": "Silent", "silent": 1},
        {"account": other_account, "name": "Other", "silent": 1},
    )
    visitor.open_wallet_page()

    visitor.button("Silent").click()
    visitor.button("Other").click()
    visitor.page.wait_for_timeout(1100)
    visitor.button("Other").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == other_account.address


def test_a_late_answer_of_a_wallet_that_was_given_up_is_ignored(visitor, account, other_account):
    visitor.install(
        {"account": account, "name": "Slow", "delay": 700},
        {"account": other_account, "name": "Quick"},
    )
    visitor.open_wallet_page()

    visitor.button("Slow").click()
    visitor.button("Quick").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == other_account.address


def test_a_wallet_that_knows_no_chain(visitor, account):
    visitor.install({"account": account, "chainId": ""})
    visitor.open_wallet_page()

    visitor.button().click()
    signed_in(visitor)

    assert SocialAccount.objects.get().extra_data["chain_id"] == 1


def test_a_double_click_asks_once(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page()

    visitor.button().dblclick()
    signed_in(visitor)

    assert visitor.requests.count("POST /accounts/moralis/challenge/") == 1
    assert visitor.requests.count("POST /accounts/moralis/verify/") == 1


def test_a_refusal_of_the_challenge(visitor, account, provider):
    provider["CHAINS"] = [137]
    visitor.allowed = re.compile("400")
    visitor.install({"account": account})
    visitor.open_wallet_page()

    visitor.button().click()
    expect(visitor.alert).to_have_attribute("data-error-code", "unsupported_chain")
    expect(visitor.alert).to_contain_text("This chain is not accepted here.")
    provider["CHAINS"] = None
    visitor.button().click()

    signed_in(visitor)


def test_a_wrong_signature_and_then_a_right_one(visitor, account, other_account):
    visitor.allowed = re.compile("401")
    visitor.install({"account": account, "signer": other_account})
    visitor.open_wallet_page("?next=/accounts/email/")

    visitor.button().click()
    expect(visitor.alert).to_have_attribute("data-error-code", "signature_invalid")
    expect(visitor.alert).to_contain_text("The signature does not belong to this wallet.")
    assert not get_user_model().objects.exists()
    visitor.accounts[account.address.lower()] = account
    visitor.button().click()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")


def test_a_service_that_is_down(visitor, account, provider):
    with Emulator() as gone:
        provider.update(API_KEY="key", BASE_URL=gone.url)
    visitor.allowed = re.compile("503")
    visitor.install({"account": account})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.alert).to_have_attribute("data-error-code", "upstream_unavailable")
    expect(visitor.alert).to_contain_text("does not answer right now")


def test_a_site_that_is_out_of_reach(visitor, account):
    visitor.allowed = re.compile("ERR_INTERNET_DISCONNECTED")
    visitor.install({"account": account})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()
    visitor.context.set_offline(True)

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("could not be reached")


def test_a_page_that_is_out_of_date(visitor, account):
    """Its CSRF token is of another session: Django answers with a page and not with JSON."""
    visitor.allowed = re.compile("403")
    visitor.install({"account": account})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()
    visitor.context.clear_cookies()

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("Reload it")


def test_linking_without_being_signed_in_shows_the_way(visitor, account):
    visitor.install({"account": account})
    visitor.open_wallet_page("?process=connect")

    expect(visitor.page.get_by_text("Sign in first.")).to_be_visible()
    assert visitor.page.locator("#moralis-wallets").count() == 0


def test_without_javascript(browser, live_server):
    visitor = Visitor(browser, live_server.url, java_script_enabled=False)
    visitor.open_wallet_page()

    expect(visitor.page.get_by_text("needs JavaScript")).to_be_visible()
    visitor.page.get_by_role("link", name="Sign in by e-mail instead").click()

    expect(visitor.page).to_have_url(live_server.url + "/accounts/login/")
    visitor.context.close()


# --- The wallet shows another account ---------------------------------------------------------


def came_in(visitor: Visitor, account: Account, **wallet: object) -> None:
    visitor.install({"account": account, **wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)


def show(visitor: Visitor, account: Account | None) -> None:
    accounts = [account.address.lower()] if account else []
    visitor.wait_for_listener()
    visitor.page.evaluate("accounts => window.__emit('accountsChanged', accounts)", accounts)


def test_a_banner_says_that_the_wallet_shows_another_account(visitor, account, other_account):
    came_in(visitor, account)
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_hidden()

    show(visitor, other_account)

    expect(banner).to_contain_text(other_account.address.lower())
    visitor.check_accessibility()
    show(visitor, account)
    expect(banner).to_be_hidden()
    show(visitor, None)  # locked
    expect(banner).to_be_hidden()


def test_switching_signs_in_as_the_other_account(visitor, account, other_account):
    came_in(visitor, account)
    user = SocialAccount.objects.get().user_id
    show(visitor, other_account)

    visitor.page.get_by_role("link", name="Sign in with that one").click()

    expect(visitor.page).to_have_url(re.compile(r"/moralis/login/\?next=%2Faccounts%2Fprofile%2F"))
    assert SocialAccount.objects.get().user_id == user


def test_staying_is_remembered(visitor, account, other_account):
    came_in(visitor, account, shows=[other_account.address.lower()])
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_visible()

    visitor.page.get_by_role("button", name="Stay signed in as I am").click()
    expect(banner).to_be_hidden()
    visitor.page.reload()
    visitor.page.wait_for_timeout(500)

    expect(banner).to_be_hidden()
    show(visitor, account)
    show(visitor, other_account)
    expect(banner).to_be_hidden()


def test_the_banner_needs_no_storage_and_stands_a_wallet_that_throws(
    visitor, account, other_account
):
    came_in(visitor, account, shows=[other_account.address.lower()])
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get () { throw new Error('off') } });"
        "window.addEventListener('eip6963:requestProvider', () => window.dispatchEvent("
        "new CustomEvent('eip6963:announceProvider', { detail: { info: {}, provider: {"
        "request: async () => [], on () { throw new Error('of the wallet') } } } })))"
    )
    visitor.page.goto("/accounts/profile/")
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_contain_text(other_account.address.lower())

    visitor.page.get_by_role("button", name="Stay signed in as I am").click()

    expect(banner).to_be_hidden()


def test_a_change_of_chain_does_nothing(visitor, account):
    came_in(visitor, account)

    visitor.wait_for_listener()
    visitor.page.evaluate("window.__emit('chainChanged', '0x89')")

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()
    assert visitor.page.evaluate("window.__listeners.map(one => one.event)") == ["accountsChanged"]


def test_it_can_sign_out_instead(visitor, account, other_account):
    came_in(visitor, account)
    visitor.page.evaluate("document.getElementById('moralis-watch').dataset.onChange = 'logout'")

    show(visitor, other_account)

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


def show_solana(visitor: Visitor, addresses: list[str] | None) -> None:
    visitor.wait_for_listener()
    visitor.page.evaluate("addresses => window.__emit('change', addresses)", addresses)


@pytest.fixture
def came_in_by_solana(visitor) -> SolanaAccount:
    account = SolanaAccount()
    visitor.install_standard(account)
    visitor.open_wallet_page()
    visitor.button("Phantom").click()
    signed_in(visitor)
    return account


def test_a_solana_wallet_shows_another_account(visitor, came_in_by_solana):
    other = SolanaAccount().address
    banner = visitor.page.locator("#moralis-watch")

    show_solana(visitor, [other])

    expect(banner).to_contain_text(other)
    show_solana(visitor, None)  # its chains changed
    expect(banner).to_contain_text(other)
    show_solana(visitor, [])  # locked
    expect(banner).to_be_hidden()
    show_solana(visitor, [came_in_by_solana.address])
    expect(banner).to_be_hidden()


def test_a_solana_wallet_is_asked_in_silence(visitor, came_in_by_solana):
    other = SolanaAccount().address
    visitor.context.add_init_script(f"window.__standardWallets[0].shows = ['{other}']")

    visitor.page.goto("/accounts/profile/")

    expect(visitor.page.locator("#moralis-watch")).to_contain_text(other)
    assert visitor.page.evaluate(
        "window.__calls.every(one => one.method === 'standard:connect' && one.silent)"
    )


def test_what_a_wallet_shows_from_the_start_signs_nobody_out(visitor, came_in_by_solana):
    """Only a change while the page is open does, where the site wants it."""
    other = SolanaAccount().address

    def sign_out_on_change(route) -> None:
        response = route.fetch()
        body = response.text().replace('data-on-change="banner"', 'data-on-change="logout"')
        route.fulfill(response=response, body=body)

    visitor.page.route("**/accounts/profile/", sign_out_on_change)
    visitor.context.add_init_script(f"window.__standardWallets[0].shows = ['{other}']")
    visitor.page.goto("/accounts/profile/")
    expect(visitor.page.locator("#moralis-watch")).to_contain_text(other)
    assert "POST /accounts/logout/" not in visitor.requests

    show_solana(visitor, [SolanaAccount().address])

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


# --- Linking, leaving, proving again ----------------------------------------------------------


def test_a_wallet_of_another_account_and_the_last_way_in(visitor, account, other_account):
    theirs = get_user_model().objects.create_user("ada")
    SocialAccount.objects.create(user=theirs, provider="moralis", uid=other_account.address)
    came_in(visitor, account)
    visitor.install({"account": other_account, "name": "Theirs"})
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("main").get_by_role("link", name="Wallet").click()
    visitor.button("Theirs").click()
    expect(page.get_by_text("This wallet opens another account.")).to_be_visible()
    page.get_by_role("radio").check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_text("This is the last way into your account.")).to_be_visible()
    assert SocialAccount.objects.count() == 2


def test_unlinking_a_wallet(visitor, account, other_account):
    came_in(visitor, account)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_account.address
    )
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_role("radio")).to_have_count(1)
    assert SocialAccount.objects.get().uid == account.address


def test_proving_again_before_a_second_factor_is_set_up(visitor, account, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    came_in(visitor, account)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1

    visitor.page.wait_for_timeout(1100)
    visitor.page.goto("/accounts/2fa/totp/activate/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    visitor.button().click()

    expect(visitor.page).to_have_url(re.compile("/2fa/totp/activate/"))


def test_a_removal_goes_on_once_the_wallet_has_confirmed(visitor, account, other_account, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    came_in(visitor, account)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_account.address
    )
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("radio").last.check()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    visitor.check_accessibility()
    assert SocialAccount.objects.count() == 2
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    visitor.button().click()

    expect(page).to_have_url(re.compile("/accounts/3rdparty/$"))
    expect(page.get_by_role("radio")).to_have_count(1)
    assert SocialAccount.objects.get().uid == account.address


def test_naming_a_wallet(visitor, account):
    came_in(visitor, account)
    page = visitor.page

    page.get_by_text("Name this wallet").click()
    visitor.check_accessibility()
    page.get_by_label("Your own name for it").fill("Ledger in the drawer")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Ledger in the drawer")).to_be_visible()
    page.goto("/accounts/3rdparty/")
    expect(page.get_by_role("radio", name="Ledger in the drawer")).to_be_visible()


# --- docs/how-to/headless.md ------------------------------------------------------------------


def test_the_example_for_single_page_applications_signs_in_and_links(
    visitor, account, other_account
):
    text = (Path(__file__).parent.parent / "docs" / "how-to" / "headless.md").read_text()
    example = re.search(r"```js\n(.*?)```", text, re.DOTALL)[1].replace("export ", "")
    visitor.install({"account": account, "legacy": True})
    visitor.page.goto("/accounts/login/")
    visitor.context.clear_cookies()

    sign_in = f"async (process) => {{ {example}; return signIn(window.ethereum, process) }}"
    answer = visitor.page.evaluate(sign_in, "login")
    assert answer["meta"] == {"is_authenticated": True}
    assert SocialAccount.objects.get().uid == account.address

    visitor.install({"account": other_account, "legacy": True})
    visitor.page.goto("/accounts/profile/")
    assert visitor.page.evaluate(sign_in, "connect")["status"] == 200
    assert SocialAccount.objects.count() == 2


# --- For everybody, on every screen ----------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_are_accessible_and_fit(browser, live_server, account, provider, scheme, width):
    visitor = Visitor(
        browser,
        live_server.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 700},
        reduced_motion="reduce",
    )
    visitor.allowed = re.compile("400")
    visitor.install({"account": account, "icon": ICON, "name": "A wallet with quite a long name"})

    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/moralis/login/"):
        visitor.page.goto(path)
        visitor.check_accessibility()
        visitor.check_fits()
    visitor.page.evaluate("document.getElementById('moralis-form').submit()")
    expect(visitor.alert).to_have_attribute("data-error-code", "invalid_request")
    visitor.check_accessibility()
    visitor.check_fits()
    visitor.button("A wallet").click()
    signed_in(visitor)
    visitor.page.get_by_text("What was verified").click()
    for path in (
        "/accounts/profile/",
        "/accounts/3rdparty/",
        "/accounts/moralis/login/?process=connect",
    ):
        visitor.page.goto(path)
        visitor.check_accessibility()
        visitor.check_fits()
    visitor.context.close()
    assert visitor.faults == []


def test_the_address_can_be_copied(visitor, account):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.install({"account": account})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    visitor.page.get_by_role("button", name="Copy address").click()

    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == account.address
