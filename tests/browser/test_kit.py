"""The kit's wallets in real browsers: the examples of docs/how-to/testing.md."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from allauth_moralis.testing import AptosWallet, SolanaWallet
from allauth_moralis.testing.browser import PlaywrightWallets, SeleniumWallets

from ..ceremony import search
from ..chromium import launch_options

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

DOCUMENT = (Path(__file__).parents[2] / "docs" / "how-to" / "testing.md").read_text()


def example(name: str) -> Callable:
    """The test function of an example in the document."""
    code = search(rf"```python\n# {name}\.py\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    names: dict = {}
    exec(code, names)  # noqa: S102 - it is our own document
    return names["test_the_button_signs_in"]


@pytest.fixture
def page(browser) -> Iterator:
    """As pytest-playwright has it."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def driver() -> Iterator:
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="needs Selenium: pip install selenium, and chromedriver"
    )
    if not shutil.which("chromedriver"):
        pytest.skip("needs chromedriver, of the same version as Chromium")
    launch = launch_options()
    options = webdriver.ChromeOptions()
    options.binary_location = launch["executable_path"]
    for argument in ("--headless=new", *launch["args"]):
        options.add_argument(argument)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


def test_playwright(page, live_server, wallet_browser, evm_wallet):
    example("test_playwright")(page, live_server, wallet_browser, evm_wallet)

    assert SocialAccount.objects.get().uid == evm_wallet.address


def test_selenium(driver, live_server, evm_wallet):
    example("test_selenium")(driver, live_server, evm_wallet)

    assert SocialAccount.objects.get().uid == evm_wallet.address


@pytest.mark.parametrize("kind", [SolanaWallet, AptosWallet])
def test_selenium_with_wallets_of_the_standard(driver, live_server, provider, kind):
    provider["NETWORKS"] = ["solana", "aptos"]
    wallet, wallets = kind(), SeleniumWallets(driver)
    wallets.install(wallet, "Petra")

    driver.get(f"{live_server.url}/accounts/moralis/login/")
    driver.implicitly_wait(10)
    driver.find_element("xpath", "//button[contains(., 'Petra')]").click()
    wallets.serve()

    driver.find_element("xpath", f"//*[text()='{wallet.address}']")
    assert SocialAccount.objects.get().uid == wallet.address


def test_another_tab_has_the_wallets_too(browser, live_server, wallet):
    context = browser.new_context(base_url=live_server.url)
    PlaywrightWallets(context).install(wallet, "MetaMask")

    for _ in range(2):
        page = context.new_page()
        page.goto("/accounts/moralis/login/")
        expect(page.get_by_role("button", name="MetaMask")).to_be_visible()
    context.close()
