"""The examples of docs/how-to/other-wallets.md in a real Chromium.

The scripts are those of the document. What they import is played by stand-ins that behave as
``@walletconnect/ethereum-provider`` 2.25 and ``@metamask/connect-evm`` 2.1.
"""

import re
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import Route, expect

from allauth_moralis.testing import EvmWallet

from .. import themes
from ..ceremony import search
from .common import Visitor, came_in, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

DOCUMENT = (Path(__file__).parents[2] / "docs" / "how-to" / "other-wallets.md").read_text()
PAGE = (
    "{% load moralis %}<!doctype html><html lang=en><title>Come in</title><main>"
    '{% moralis_wallets %}</main><script type="module" src="/own/SCRIPT"></script></html>'
)
PHONE = """
export async function answer({ method, params }) {
  calls.push(method)
  if (method === 'eth_requestAccounts') return ['ADDRESS']
  if (method === 'eth_chainId') return '0x1'
  if (method !== 'personal_sign') throw new Error(`Missing or invalid. request() method: ${method}`)
  const bytes = params[0].slice(2).match(/../g).map((pair) => Number.parseInt(pair, 16))
  const text = new TextDecoder().decode(Uint8Array.from(bytes))
  return `0x${await testWalletSign(params[1], text)}`
}
"""
WALLETCONNECT = """
import { answer } from './phone.js'

export class EthereumProvider {
  static async init({ projectId, optionalChains, showQrModal }) {
    if (!projectId || !optionalChains.length || !showQrModal) throw new Error('not set up')
    calls.push('init')
    return new EthereumProvider()
  }
  async connect() {
    calls.push('connect')
    if (failures.length) throw new Error(failures.shift())
    this.session = {}
  }
  async disconnect() {
    calls.push('disconnect')
    this.session = undefined
  }
  async request(call) {
    if (!this.session) throw new Error('Please call connect() before request()')
    return answer(call)
  }
}
"""
METAMASK_CONNECT = """
import { answer } from './phone.js'

export async function createEVMClient({ dapp, api, skipAutoAnnounce }) {
  if (!dapp.name || !Object.keys(api.supportedNetworks).length) throw new Error('not set up')
  const seen = []
  window.addEventListener('eip6963:announceProvider', ({ detail }) => seen.push(detail.info.rdns))
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  if (skipAutoAnnounce || seen.includes('io.metamask')) return
  const info = { uuid: crypto.randomUUID(), name: 'MetaMask', icon: '', rdns: 'io.metamask.mmc' }
  const detail = Object.freeze({ info, provider: { request: answer } })
  window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
}
"""


def example(name: str) -> str:
    code = search(rf"```javascript\n// {re.escape(name)}\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    return re.sub(r"'@[\w-]+/([\w-]+)'", r"'./\1.js'", code)


@pytest.fixture
def phone(visitor) -> EvmWallet:
    """The wallet on the phone, which signs what the libraries bring it."""
    wallet = EvmWallet()
    visitor.wallets.script(wallet)  # it is not in this browser, but its key is at hand
    visitor.context.add_init_script("window.calls = []; window.failures = []")
    return wallet


def serve(visitor: Visitor, phone: EvmWallet, settings, script: str) -> None:
    """Put a script of the document's into the log-in page of a site."""
    files = {
        "announce.js": example("announce.js"),
        "walletconnect.js": example("walletconnect.js"),
        "metamask-connect.js": example("metamask-connect.js"),
        "ethereum-provider.js": WALLETCONNECT,
        "connect-evm.js": METAMASK_CONNECT,
        "phone.js": PHONE.replace("ADDRESS", phone.address.lower()),
    }

    def fulfil(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        route.fulfill(body=files[name], content_type="text/javascript")

    visitor.page.route("**/own/*.js", fulfil)
    visitor.allowed = re.compile("404|moralis: ")  # the page has no icon
    themes.use(settings, {"account/login.html": PAGE.replace("SCRIPT", script)})


def test_walletconnect_is_loaded_once_it_is_chosen_and_signs_in(visitor, phone, settings):
    serve(visitor, phone, settings, "walletconnect.js")
    visitor.page.goto("/accounts/login/")
    expect(visitor.button("WalletConnect")).to_be_visible()
    assert "GET /own/ethereum-provider.js" not in visitor.requests

    visitor.button("WalletConnect").click()

    signed_in(visitor)
    assert SocialAccount.objects.get().uid == phone.address


def test_walletconnect_that_failed_can_be_pressed_again(visitor, phone, settings):
    serve(visitor, phone, settings, "walletconnect.js")
    visitor.page.goto("/accounts/login/")
    visitor.page.evaluate("failures.push('Connection request reset. Please try again.')")

    visitor.button("WalletConnect").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("Something went wrong")
    expect(visitor.page.get_by_text("What your wallet said")).to_be_visible()
    visitor.button("WalletConnect").click()

    signed_in(visitor)


def test_another_account_of_walletconnect_is_another_pairing(visitor, wallet, phone, settings):
    came_in(visitor, wallet)
    serve(visitor, phone, settings, "walletconnect.js")
    visitor.page.goto("/accounts/moralis/login/")  # which sends nobody who is signed in away
    visitor.page.add_script_tag(url="/own/walletconnect.js", type="module")
    visitor.page.evaluate("HTMLFormElement.prototype.submit = () => {}")

    visitor.button("WalletConnect").click()
    expect(visitor.page.get_by_role("status")).to_have_text("Checking the signature…")

    paired = ["init", "connect", "eth_requestAccounts", "eth_chainId", "personal_sign"]
    assert visitor.page.evaluate("calls") == paired
    visitor.button("Cancel").click()
    visitor.button("WalletConnect").click()
    expect(visitor.page.get_by_role("status")).to_have_text("Checking the signature…")
    assert visitor.page.evaluate("calls") == [*paired, "disconnect", *paired[1:]]


def test_metamask_connect_announces_itself_late_and_signs_in(visitor, phone, settings):
    serve(visitor, phone, settings, "metamask-connect.js")
    visitor.page.goto("/accounts/login/")

    visitor.button("MetaMask").click()

    signed_in(visitor)
    assert SocialAccount.objects.get().uid == phone.address


def test_metamask_connect_gives_way_to_the_extension(visitor, wallet, phone, settings):
    serve(visitor, phone, settings, "metamask-connect.js")
    visitor.install({"wallet": wallet, "rdns": "io.metamask"})
    visitor.page.goto("/accounts/login/")
    visitor.page.wait_for_timeout(1000)

    expect(visitor.button("MetaMask")).to_have_count(1)


@pytest.mark.parametrize("when", ["before the picker", "minutes later"])
def test_wallet_that_is_announced_early_or_late_is_listed_once(visitor, phone, settings, when):
    serve(visitor, phone, settings, "announce.js")
    announce = (
        "(async () => { const { announce } = await import('/own/announce.js');"
        " announce('Early or late', 'com.example', '', { request: async () => [] }) })()"
    )
    if when == "before the picker":
        visitor.page.route(
            "**/moralis.js",
            lambda route: (visitor.page.wait_for_timeout(500), route.continue_()),
        )
        visitor.page.add_init_script(announce)
    visitor.page.goto("/accounts/login/")
    if when == "minutes later":
        expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")
        visitor.page.evaluate(announce)

    expect(visitor.button("Early or late")).to_have_count(1)
    expect(visitor.page.get_by_text("A wallet is an app")).to_be_hidden()
