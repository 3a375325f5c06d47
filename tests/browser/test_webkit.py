"""What only WebKit shows, in which every browser on iOS is made."""

from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.testing import SolanaWallet
from allauth_moralis.testing.browser import SeleniumWallets

from .. import webkit
from ..webkit import Driver, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("webkit"),
]

#: It opens a window for what is to be signed, as wallets without an extension do, and its user says
#: no there; ``opened`` tells whether the browser let it, and ``after`` how long after the press.
WINDOW_WALLET = """
window.opened = []
document.addEventListener('click', () => { window.pressed = performance.now() }, true)
const provider = {
  async request({ method }) {
    if (method === 'eth_requestAccounts') return ['0x' + '1'.repeat(40)]
    if (method === 'eth_chainId') return '0x1'
    window.after = performance.now() - pressed
    const its = window.open('about:blank', '_blank', 'width=300,height=300')
    opened.push(Boolean(its))
    its?.close()
    throw Object.assign(new Error('of the wallet'), { code: its ? 4001 : -32603 })
  },
}
const detail = Object.freeze({ info: { name: 'Window Wallet', uuid: 'w', rdns: 'w' }, provider })
window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
"""

#: The text comes once the test lets it.
HOLD_THE_TEXT = """
const real = window.fetch
window.requests = 0
window.fetch = async (...request) => {
  requests += 1
  const [response] = await Promise.all([
    real(...request), new Promise((resolve) => { window.letTheTextCome = resolve }),
  ])
  return response
}
"""
#: Milliseconds within which this machine must be for what must happen within a second.
SOON = 900
TRIES = 5


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    if not webkit.found():
        pytest.skip(webkit.MISSING)
    with webkit.running() as driver:
        yield driver


@pytest.fixture
def page(driver, live_server, provider) -> Driver:
    """The wallet page. Wallets come late to it, for WebKit's driver puts nothing in before."""
    provider["RATE_LIMITS"] = False
    driver.open(f"{live_server.url}/accounts/moralis/login/")
    driver.command("DELETE", "/cookie")
    driver.open(f"{live_server.url}/accounts/moralis/login/")
    assert "AppleWebKit" in driver.execute_script("return navigator.userAgent")
    return driver


def button(name: str) -> str:
    return f"//button[contains(., '{name}')]"


def signed_in(page: Driver) -> None:
    wait_until(lambda: page.command("GET", "/url").endswith("/accounts/profile/"))


@pytest.mark.parametrize("network", ["evm", "solana"])
def test_sign_in(page, wallet, network):
    wallet = SolanaWallet() if network == "solana" else wallet
    wallets = SeleniumWallets(page)
    page.execute_script(wallets.script(wallet, "Late Wallet"))

    page.click(button("Late Wallet"))
    wallets.serve()

    signed_in(page)
    assert SocialAccount.objects.get().uid == wallet.address


def test_wallet_may_open_a_window_for_the_text_that_the_press_leads_to(page):
    for _ in range(TRIES):
        page.execute_script(WINDOW_WALLET)
        page.click(button("Window Wallet"))
        page.find("//*[@role='alert'][text()]")
        opened, after = page.execute_script("return [opened, after]")
        if after < SOON:
            break
        page.command("POST", "/refresh")
    else:
        pytest.skip("this machine is too busy to sign within a second")

    assert opened == [True]


def test_where_the_text_came_too_late_for_a_window_the_next_press_has_it_at_once(page):
    page.execute_script(WINDOW_WALLET + HOLD_THE_TEXT)
    page.click(button("Window Wallet"))
    wait_until(lambda: page.execute_script("return performance.now() - pressed > 1500"))
    page.execute_script("letTheTextCome()")
    page.find("//*[@role='alert'][contains(., 'Something went wrong in your wallet')]")
    assert page.execute_script("return opened") == [False]

    page.click(button("Window Wallet"))

    page.find("//*[@role='alert'][contains(., 'You declined')]")
    assert page.execute_script("return [opened, requests]") == [[False, True], 1]


def test_back_from_the_next_page_finds_a_page_that_works(page, wallet):
    wallets = SeleniumWallets(page)
    script = wallets.script(wallet, "MetaMask")
    page.execute_script(script)
    page.execute_script(
        "addEventListener('pageshow', (event) => { sessionStorage.persisted = event.persisted })"
    )
    page.click(button("MetaMask"))
    wallets.serve()
    signed_in(page)

    page.command("POST", "/back")
    page.find("//*[@role='status'][contains(., 'No wallet was found')]")
    assert page.execute_script("return sessionStorage.persisted") == "true"
    page.execute_script(script)
    page.click(button("MetaMask"))
    wallets.serve()

    signed_in(page)
