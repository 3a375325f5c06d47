"""The pages in a real Chromium, with a wallet whose signatures are made by a real key."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import AptosWallet, SigningWallet, SolanaWallet
from allauth_moralis.testing.browser import PlaywrightWallets

from .chromium import MISSING, find, launch_options

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

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
        self.wallets = PlaywrightWallets(self.context)

    def install(self, *wallets: dict) -> None:
        """Put wallets into the browser: ``wallet``, and its name and behaviour."""
        for described in wallets:
            self.wallets.install(**{"name": "MetaMask", **described})

    def install_standard(self, wallet: SigningWallet, **behaviour: object) -> None:
        """Put one wallet of the Wallet Standard into the browser."""
        self.wallets.install(wallet, **{"name": "Phantom", **behaviour})

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


def test_from_the_login_page_to_the_profile_and_back_out(visitor, wallet, backend):
    visitor.install({"wallet": wallet, "icon": ICON})
    page = visitor.page

    page.goto("/accounts/login/")
    page.get_by_role("main").get_by_role("link", name="Sign in with a wallet").click()
    visitor.button().click()
    signed_in(visitor)
    expect(page.get_by_text(wallet.address, exact=True).first).to_be_visible()
    page.get_by_text("What was verified").click()
    expect(page.get_by_text(f"Sign in to {urlsplit(visitor.url).netloc}").first).to_be_visible()
    page.get_by_role("button", name="Sign out").last.click()

    expect(page).to_have_url(visitor.url + "/")
    page.goto("/accounts/profile/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (wallet.address, backend)


def test_the_text_is_signed_as_hex_encoded_utf8(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    # Stop before the form is sent, so that the page and its record of calls stay.
    visitor.page.evaluate("HTMLFormElement.prototype.submit = () => {}")

    visitor.button().click()
    expect(visitor.page.get_by_role("status")).to_have_text("Checking the signature…")

    calls = visitor.page.evaluate("testWallets.calls")
    assert [call["method"] for call in calls] == [
        "eth_requestAccounts",
        "eth_chainId",
        "personal_sign",
    ]
    data, signer = calls[-1]["params"]
    assert signer == wallet.address.lower()
    assert bytes.fromhex(data[2:]).decode().startswith("localhost:")


def test_linking_a_second_wallet_from_the_profile(visitor, wallet, other_wallet):
    visitor.install({"wallet": wallet, "name": "First"}, {"wallet": other_wallet, "name": "Second"})
    visitor.open_wallet_page()
    visitor.button("First").click()
    signed_in(visitor)

    visitor.page.get_by_role("link", name="Link another wallet").click()
    visitor.button("Second").click()
    signed_in(visitor)

    expect(visitor.page.get_by_text(other_wallet.address, exact=True).first).to_be_visible()
    assert get_user_model().objects.count() == 1
    assert SocialAccount.objects.count() == 2


def test_by_keyboard_alone(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()

    for _ in range(20):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.textContent").strip() == "MetaMask":
            break
    visitor.page.keyboard.press("Enter")

    signed_in(visitor)


def test_after_the_back_button(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    visitor.page.go_back()
    visitor.button().click()

    signed_in(visitor)


def test_next_is_where_it_ends(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page("?next=/accounts/email/")

    visitor.button().click()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")


# --- Which wallets are listed ----------------------------------------------------------------


def test_a_wallet_that_announces_itself_late(visitor, wallet):
    visitor.install({"wallet": wallet, "late": True})
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    visitor.page.evaluate("testWallets.arrive()")
    visitor.button().click()

    signed_in(visitor)


def test_two_wallets_of_one_name_are_both_listed(visitor, wallet, other_wallet):
    visitor.install({"wallet": wallet}, {"wallet": other_wallet})
    visitor.open_wallet_page()

    expect(visitor.button()).to_have_count(2)


def test_a_wallet_that_announces_itself_twice_is_listed_once(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_have_count(1)

    visitor.page.evaluate("window.dispatchEvent(new Event('eip6963:requestProvider'))")

    expect(visitor.button()).to_have_count(1)


def test_a_wallet_that_only_sets_window_ethereum(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True})
    visitor.open_wallet_page()

    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_gives_way_to_wallets_that_announce_themselves(visitor, wallet):
    visitor.install({"wallet": wallet}, {"wallet": wallet, "injected": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_have_text("Choose the wallet to use.")
    visitor.page.wait_for_timeout(1000)  # past the search

    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_window_ethereum_that_comes_late(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True, "late": True})
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")

    visitor.page.evaluate("testWallets.arrive()")
    visitor.button("Browser wallet").click()

    signed_in(visitor)


def test_window_ethereum_goes_when_its_wallet_announces_itself_late(visitor, wallet):
    visitor.install({"wallet": wallet, "injected": True}, {"wallet": wallet, "late": True})
    visitor.open_wallet_page()
    expect(visitor.button("Browser wallet")).to_be_visible()

    visitor.page.evaluate("testWallets.arrive()")
    expect(visitor.button("MetaMask")).to_be_visible()
    assert visitor.page.locator("#moralis-wallets button").count() == 1


def test_two_wallets_that_claim_one_id(visitor, wallet, other_wallet):
    visitor.install(
        {"wallet": wallet, "uuid": "copied", "name": "One"},
        {"wallet": other_wallet, "uuid": "copied", "name": "Two"},
    )
    visitor.open_wallet_page()

    expect(visitor.button("One")).to_be_visible()
    expect(visitor.button("Two")).to_be_visible()


def test_no_wallet_says_what_to_do(visitor):
    visitor.install()
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
    expect(visitor.page.get_by_role("status")).to_contain_text("Install a wallet extension")


def test_a_name_with_markup_is_text(visitor, wallet):
    name = '<img src=x onerror="window.__owned = 1"> & Söhne'
    visitor.install({"wallet": wallet, "name": name})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets button")).to_have_text(name)
    assert visitor.page.evaluate("window.__owned") is None


@pytest.mark.parametrize(
    "icon",
    ["https://evil.example/icon.png", "/static/favicon.svg", "javascript:alert(1)",
     "data:text/html,x", 7, None],
)  # fmt: skip
def test_an_icon_that_is_not_an_image_in_itself_is_not_asked_for(visitor, wallet, icon):
    visitor.install({"wallet": wallet, "icon": icon})
    visitor.open_wallet_page()

    expect(visitor.button()).to_be_visible()
    assert visitor.page.locator("#moralis-wallets img").count() == 0


def test_an_icon_that_is_an_image_is_shown(visitor, wallet):
    visitor.install({"wallet": wallet, "icon": ICON})
    visitor.open_wallet_page()

    expect(visitor.page.locator("#moralis-wallets img")).to_have_attribute("src", ICON)


@pytest.mark.parametrize("detail", ["null", "{}", "{info: {name: 'x'}}", "{provider: {}}"])
def test_an_announcement_that_is_none_is_ignored(visitor, wallet, detail):
    visitor.install({"wallet": wallet})
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
    wallet = SolanaWallet()
    visitor.install_standard(wallet, icon=ICON)
    visitor.open_wallet_page()

    visitor.button("Phantom (Solana)").click()
    signed_in(visitor)

    row = SocialAccount.objects.get()
    assert (row.uid, row.extra_data["verified_by"]) == (wallet.address, backend)


@pytest.mark.parametrize("objects", [False, True], ids=["hex", "objects"])
def test_an_aptos_wallet(visitor, backend, every_network, objects):
    wallet = AptosWallet()
    visitor.install_standard(wallet, name="Petra", objects=objects)
    visitor.open_wallet_page()

    visitor.button("Petra (Aptos)").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == wallet.address


def test_a_wallet_of_the_standard_that_comes_late_is_listed_once(visitor, every_network):
    visitor.install_standard(SolanaWallet(), late=True)
    visitor.open_wallet_page()
    expect(visitor.button("Phantom")).to_be_visible()

    visitor.page.evaluate("testWallets.arrive()")
    expect(visitor.button("Phantom")).to_have_count(1)


def test_a_network_that_is_not_offered_has_no_button(visitor, provider):
    provider["NETWORKS"] = ["evm"]
    visitor.install_standard(SolanaWallet())
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


@pytest.mark.parametrize(
    ("wallet", "behaviour", "sentence"),
    [
        (SolanaWallet(), {"locked": True}, "Your wallet gave no account."),
        (SolanaWallet(), {"failure": "User rejected the request."}, "You declined in your wallet."),
        (SolanaWallet(), {"failure": "Internal error"}, "Your wallet could not do this."),
        (AptosWallet(), {"locked": True}, "Your wallet gave no account."),
        (AptosWallet(), {"rejects": True}, "You declined in your wallet."),
    ],
)
def test_a_wallet_of_the_standard_that_says_no(visitor, every_network, wallet, behaviour, sentence):
    visitor.install_standard(wallet, **behaviour)
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
def test_a_wallet_that_says_no_once(visitor, wallet, method, code, sentence):
    """It gets a sentence of its own, and the page can be used again at once."""
    visitor.install({"wallet": wallet, "errors": {method: [code]}})
    visitor.open_wallet_page()

    visitor.button().click()
    expect(visitor.page.get_by_role("alert")).to_contain_text(sentence)
    expect(visitor.button()).to_have_attribute("aria-disabled", "false")
    visitor.button().click()

    signed_in(visitor)


def test_a_locked_wallet(visitor, wallet):
    visitor.install({"wallet": wallet, "locked": True})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("Unlock it")


def test_a_wallet_that_never_answers_does_not_hold_the_page(visitor, wallet, other_wallet):
    """Its window was closed without a word: another wallet, or the same again, takes over."""
    visitor.install(
        {"wallet": wallet, "name": "Silent", "unanswered": 1},
        {"wallet": other_wallet, "name": "Other", "unanswered": 1},
    )
    visitor.open_wallet_page()

    visitor.button("Silent").click()
    visitor.button("Other").click()
    visitor.page.wait_for_timeout(1100)
    visitor.button("Other").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == other_wallet.address


def test_a_late_answer_of_a_wallet_that_was_given_up_is_ignored(visitor, wallet, other_wallet):
    visitor.install(
        {"wallet": wallet, "name": "Slow", "delay": 700},
        {"wallet": other_wallet, "name": "Quick"},
    )
    visitor.open_wallet_page()

    visitor.button("Slow").click()
    visitor.button("Quick").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == other_wallet.address


def test_a_wallet_that_knows_no_chain(visitor, wallet):
    visitor.install({"wallet": wallet, "chain_id": ""})
    visitor.open_wallet_page()

    visitor.button().click()
    signed_in(visitor)

    assert SocialAccount.objects.get().extra_data["chain_id"] == 1


def test_a_double_click_asks_once(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()

    visitor.button().dblclick()
    signed_in(visitor)

    assert visitor.requests.count("POST /accounts/moralis/challenge/") == 1
    assert visitor.requests.count("POST /accounts/moralis/verify/") == 1


def test_a_refusal_of_the_challenge(visitor, wallet, provider):
    provider["CHAINS"] = [137]
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()

    visitor.button().click()
    expect(visitor.alert).to_have_attribute("data-error-code", "unsupported_chain")
    expect(visitor.alert).to_contain_text("This chain is not accepted here.")
    provider["CHAINS"] = None
    visitor.button().click()

    signed_in(visitor)


def test_a_wrong_signature_and_then_a_right_one(visitor, wallet, other_wallet):
    visitor.allowed = re.compile("401")
    visitor.install({"wallet": wallet, "signer": other_wallet})
    visitor.open_wallet_page("?next=/accounts/email/")

    visitor.button().click()
    expect(visitor.alert).to_have_attribute("data-error-code", "signature_invalid")
    expect(visitor.alert).to_contain_text("The signature does not belong to this wallet.")
    assert not get_user_model().objects.exists()
    visitor.wallets.signers[wallet.address.lower()] = wallet
    visitor.button().click()

    expect(visitor.page).to_have_url(visitor.url + "/accounts/email/")


def test_a_service_that_is_down(visitor, wallet, provider):
    with Emulator() as gone:
        provider.update(API_KEY="key", BASE_URL=gone.url)
    visitor.allowed = re.compile("503")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()

    visitor.button().click()

    expect(visitor.alert).to_have_attribute("data-error-code", "upstream_unavailable")
    expect(visitor.alert).to_contain_text("does not answer right now")


def test_a_site_that_is_out_of_reach(visitor, wallet):
    visitor.allowed = re.compile("ERR_INTERNET_DISCONNECTED")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()
    visitor.context.set_offline(True)

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("could not be reached")


def test_a_page_that_is_out_of_date(visitor, wallet):
    """Its CSRF token is of another session: Django answers with a page and not with JSON."""
    visitor.allowed = re.compile("403")
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    expect(visitor.button()).to_be_visible()
    visitor.context.clear_cookies()

    visitor.button().click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("Reload it")


def test_linking_without_being_signed_in_shows_the_way(visitor, wallet):
    visitor.install({"wallet": wallet})
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


def came_in(visitor: Visitor, wallet: SigningWallet, **behaviour: object) -> None:
    visitor.install({"wallet": wallet, **behaviour})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)


def show(visitor: Visitor, wallet: SigningWallet | None) -> None:
    wallets = [wallet.address.lower()] if wallet else []
    visitor.wait_for_listener()
    visitor.page.evaluate("shown => testWallets.emit('accountsChanged', shown)", wallets)


def test_a_banner_says_that_the_wallet_shows_another_account(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_hidden()

    show(visitor, other_wallet)

    expect(banner).to_contain_text(other_wallet.address.lower())
    visitor.check_accessibility()
    show(visitor, wallet)
    expect(banner).to_be_hidden()
    show(visitor, None)  # locked
    expect(banner).to_be_hidden()


def test_switching_signs_in_as_the_other_account(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    user = SocialAccount.objects.get().user_id
    show(visitor, other_wallet)

    visitor.page.get_by_role("link", name="Sign in with that one").click()

    expect(visitor.page).to_have_url(re.compile(r"/moralis/login/\?next=%2Faccounts%2Fprofile%2F"))
    assert SocialAccount.objects.get().user_id == user


def test_staying_is_remembered(visitor, wallet, other_wallet):
    came_in(visitor, wallet, shows=[other_wallet.address.lower()])
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_be_visible()

    visitor.page.get_by_role("button", name="Stay signed in as I am").click()
    expect(banner).to_be_hidden()
    visitor.page.reload()
    visitor.page.wait_for_timeout(500)

    expect(banner).to_be_hidden()
    show(visitor, wallet)
    show(visitor, other_wallet)
    expect(banner).to_be_hidden()


def test_the_banner_needs_no_storage_and_stands_a_wallet_that_throws(visitor, wallet, other_wallet):
    came_in(visitor, wallet, shows=[other_wallet.address.lower()])
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get () { throw new Error('off') } });"
        "window.addEventListener('eip6963:requestProvider', () => window.dispatchEvent("
        "new CustomEvent('eip6963:announceProvider', { detail: { info: {}, provider: {"
        "request: async () => [], on () { throw new Error('of the wallet') } } } })))"
    )
    visitor.page.goto("/accounts/profile/")
    banner = visitor.page.locator("#moralis-watch")
    expect(banner).to_contain_text(other_wallet.address.lower())

    visitor.page.get_by_role("button", name="Stay signed in as I am").click()

    expect(banner).to_be_hidden()


def test_a_change_of_chain_does_nothing(visitor, wallet):
    came_in(visitor, wallet)

    visitor.wait_for_listener()
    visitor.page.evaluate("testWallets.emit('chainChanged', '0x89')")

    expect(visitor.page.locator("#moralis-watch")).to_be_hidden()
    assert visitor.page.evaluate("testWallets.listeners.map(one => one.event)") == [
        "accountsChanged"
    ]


def test_it_can_sign_out_instead(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    visitor.page.evaluate("document.getElementById('moralis-watch').dataset.onChange = 'logout'")

    show(visitor, other_wallet)

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


def show_solana(visitor: Visitor, addresses: list[str] | None) -> None:
    visitor.wait_for_listener()
    visitor.page.evaluate("addresses => testWallets.emit('change', addresses)", addresses)


@pytest.fixture
def came_in_by_solana(visitor) -> SolanaWallet:
    wallet = SolanaWallet()
    visitor.install_standard(wallet)
    visitor.open_wallet_page()
    visitor.button("Phantom").click()
    signed_in(visitor)
    return wallet


def test_a_solana_wallet_shows_another_account(visitor, came_in_by_solana):
    other = SolanaWallet().address
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
    other = SolanaWallet().address
    visitor.context.add_init_script(f"testWallets.wallets[0].shows = ['{other}']")

    visitor.page.goto("/accounts/profile/")

    expect(visitor.page.locator("#moralis-watch")).to_contain_text(other)
    assert visitor.page.evaluate(
        "testWallets.calls.every(one => one.method === 'standard:connect' && one.silent)"
    )


def test_what_a_wallet_shows_from_the_start_signs_nobody_out(visitor, came_in_by_solana):
    """Only a change while the page is open does, where the site wants it."""
    other = SolanaWallet().address

    def sign_out_on_change(route) -> None:
        response = route.fetch()
        body = response.text().replace('data-on-change="banner"', 'data-on-change="logout"')
        route.fulfill(response=response, body=body)

    visitor.page.route("**/accounts/profile/", sign_out_on_change)
    visitor.context.add_init_script(f"testWallets.wallets[0].shows = ['{other}']")
    visitor.page.goto("/accounts/profile/")
    expect(visitor.page.locator("#moralis-watch")).to_contain_text(other)
    assert "POST /accounts/logout/" not in visitor.requests

    show_solana(visitor, [SolanaWallet().address])

    expect(visitor.page).to_have_url(visitor.url + "/")
    assert visitor.requests.count("POST /accounts/logout/") == 1


# --- Linking, leaving, proving again ----------------------------------------------------------


def test_a_wallet_of_another_account_and_the_last_way_in(visitor, wallet, other_wallet):
    theirs = get_user_model().objects.create_user("ada")
    SocialAccount.objects.create(user=theirs, provider="moralis", uid=other_wallet.address)
    came_in(visitor, wallet)
    visitor.install({"wallet": other_wallet, "name": "Theirs"})
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("main").get_by_role("link", name="Wallet").click()
    visitor.button("Theirs").click()
    expect(page.get_by_text("This wallet opens another account.")).to_be_visible()
    page.get_by_role("radio").check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_text("This is the last way into your account.")).to_be_visible()
    assert SocialAccount.objects.count() == 2


def test_unlinking_a_wallet(visitor, wallet, other_wallet):
    came_in(visitor, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_wallet.address
    )
    page = visitor.page

    page.goto("/accounts/3rdparty/")
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Remove").click()

    expect(page.get_by_role("radio")).to_have_count(1)
    assert SocialAccount.objects.get().uid == wallet.address


def test_proving_again_before_a_second_factor_is_set_up(visitor, wallet, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    came_in(visitor, wallet)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1

    visitor.page.wait_for_timeout(1100)
    visitor.page.goto("/accounts/2fa/totp/activate/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    visitor.button().click()

    expect(visitor.page).to_have_url(re.compile("/2fa/totp/activate/"))


def test_a_removal_goes_on_once_the_wallet_has_confirmed(visitor, wallet, other_wallet, settings):
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    came_in(visitor, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="moralis", uid=other_wallet.address
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
    assert SocialAccount.objects.get().uid == wallet.address


def test_naming_a_wallet(visitor, wallet):
    came_in(visitor, wallet)
    page = visitor.page

    page.get_by_text("Name this wallet").click()
    visitor.check_accessibility()
    page.get_by_label("Your own name for it").fill("Ledger in the drawer")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Ledger in the drawer")).to_be_visible()
    page.goto("/accounts/3rdparty/")
    expect(page.get_by_role("radio", name="Ledger in the drawer")).to_be_visible()


# --- docs/headless.md -------------------------------------------------------------------------


def test_the_example_for_single_page_applications_signs_in_and_links(visitor, wallet, other_wallet):
    text = (Path(__file__).parent.parent / "docs" / "headless.md").read_text()
    example = re.search(r"```js\n(.*?)```", text, re.DOTALL)[1].replace("export ", "")
    visitor.install({"wallet": wallet, "injected": True})
    visitor.page.goto("/accounts/login/")
    visitor.context.clear_cookies()

    sign_in = f"async (process) => {{ {example}; return signIn(window.ethereum, process) }}"
    answer = visitor.page.evaluate(sign_in, "login")
    assert answer["meta"] == {"is_authenticated": True}
    assert SocialAccount.objects.get().uid == wallet.address

    visitor.install({"wallet": other_wallet, "injected": True})
    visitor.page.goto("/accounts/profile/")
    assert visitor.page.evaluate(sign_in, "connect")["status"] == 200
    assert SocialAccount.objects.count() == 2


# --- For everybody, on every screen ----------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_are_accessible_and_fit(browser, live_server, wallet, provider, scheme, width):
    visitor = Visitor(
        browser,
        live_server.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 700},
        reduced_motion="reduce",
    )
    visitor.allowed = re.compile("400")
    visitor.install({"wallet": wallet, "icon": ICON, "name": "A wallet with quite a long name"})

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


def test_the_address_can_be_copied(visitor, wallet):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    visitor.page.get_by_role("button", name="Copy address").click()

    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == wallet.address
