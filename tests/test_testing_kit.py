"""``allauth_moralis.testing``: what it stores is what a sign-in stores, and its documents run."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client

from allauth_moralis.siwx.wallets import Wallet
from allauth_moralis.testing import (
    AptosWallet,
    ContractWallet,
    EvmWallet,
    HeadlessClient,
    SolanaWallet,
    answer,
    obtain_challenge,
    refusal_code,
    request_challenge,
    sign_in,
)
from allauth_moralis.testing.browser import PlaywrightWallets, SeleniumWallets
from allauth_moralis.testing.factories import create_wallet_user, link_wallet

from .ceremony import search
from .chain.artifacts import encode
from .plain_site import SETTINGS, URLS

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "how-to" / "testing.md").read_text()
EXAMPLES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", DOCUMENT, re.DOTALL))
EVERY_NETWORK = ["evm", "solana", "aptos"]

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[EvmWallet, SolanaWallet, AptosWallet], ids=EVERY_NETWORK)
def any_wallet(request, provider):
    provider["NETWORKS"] = EVERY_NETWORK
    return request.param()


@pytest.fixture(params=["pages", "browser", "app"])
def any_client(request):
    client = Client()
    return client if request.param == "pages" else HeadlessClient(client, request.param)


# --- Contract wallets -------------------------------------------------------------------------


def test_a_contract_wallet_signs_by_its_owners_key():
    owner = EvmWallet()
    wallet = ContractWallet("0x" + "1" * 40, owner, 8453)

    assert wallet.described == {"network": "evm", "address": wallet.address, "chain_id": "8453"}
    assert wallet.sign("Sign in") == owner.sign("Sign in")


@pytest.mark.parametrize("data", [b"", b"one word" * 4, b"not a whole one"])
def test_a_contract_wallet_that_is_not_deployed_says_what_deploys_it(data):
    owner, factory = EvmWallet(), "0x" + "f" * 40
    wallet = ContractWallet("0x" + "1" * 40, owner, factory=factory, factory_data=data)

    wrapped = bytes.fromhex(wallet.sign("Sign in")[2:])

    expected = encode(("address", "bytes", "bytes"), factory, data, owner.sign_bytes("Sign in"))
    assert wrapped == expected + bytes.fromhex("6492" * 16)


# --- The ceremony -----------------------------------------------------------------------------


def test_every_wallet_signs_in_with_every_client(any_client, any_wallet):
    response = sign_in(any_client, any_wallet)

    assert response.status_code in (200, 302)
    assert SocialAccount.objects.get().uid == any_wallet.address


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_what_the_sign_in_is_for_is_passed_on(any_client, wallet, other_wallet, process):
    sign_in(any_client, wallet)
    second = other_wallet if process == "connect" else wallet

    response = sign_in(any_client, second, process=process)

    assert response.status_code in (200, 302)
    assert SocialAccount.objects.count() == (2 if process == "connect" else 1)


def test_a_refusal_is_read_from_every_client(any_client, wallet, other_wallet):
    response = request_challenge(any_client, wallet, address="0x12")
    assert refusal_code(response) == "invalid_address"

    challenge, message = obtain_challenge(any_client, wallet)
    response = answer(any_client, challenge, other_wallet.sign(message))
    assert refusal_code(response) == "signature_invalid"


def test_a_challenge_that_is_not_given_fails_with_the_reason(any_client, wallet):
    with pytest.raises(AssertionError, match=r"status 400 .*invalid_address"):
        sign_in(any_client, wallet, address="0x12")


def test_a_success_is_not_a_refusal(any_client, wallet):
    response = sign_in(any_client, wallet)

    with pytest.raises(AssertionError, match="not a refusal: status"):
        refusal_code(response)


def test_an_app_keeps_its_session_token(wallet):
    app = HeadlessClient(kind="app")
    assert app.session_token is None

    sign_in(app, wallet)

    assert app.get("auth/session").json()["meta"]["is_authenticated"] is True
    assert app.delete("auth/session", {}).status_code == 401


# --- Factories --------------------------------------------------------------------------------


def stored(wallet) -> tuple[dict, dict]:
    """A wallet's row and its user, with all that differs from one sign-in to the next left out."""
    row = SocialAccount.objects.get(uid=wallet.uid)
    text = re.sub(r"(Nonce|Issued At|Expiration Time): .*", r"\1", row.extra_data["message"])
    data = {**row.extra_data, "message": text.replace(wallet.address, "")}
    data = {**data, "verified": list(data["verified"])}
    del data["verified_at"], data["signature"]
    user = {
        name: value
        for name, value in vars(row.user).items()
        if name not in ("id", "_state", "date_joined", "last_login", "password", "username")
    }
    assert not row.user.has_usable_password()
    return json.loads(json.dumps(data)), user


def test_a_user_is_stored_as_by_a_sign_in(any_wallet):
    another = type(any_wallet)()
    sign_in(Client(), another)

    create_wallet_user(any_wallet)

    assert stored(any_wallet) == stored(another)
    names = get_user_model().objects.values_list("username", "socialaccount__uid")
    assert all(name == uid.lower()[: len(name)] for name, uid in names)


def test_a_link_is_stored_as_by_a_sign_in(any_wallet, wallet, client):
    another = type(any_wallet)()
    sign_in(client, wallet)
    sign_in(client, another, process="connect")
    user = get_user_model().objects.get()

    row = link_wallet(user, any_wallet)

    assert (row.user, row.uid) == (user, any_wallet.address)
    data = [SocialAccount.objects.get(uid=one.address).extra_data for one in (any_wallet, another)]
    texts = [
        re.sub(r"(?m)^(0x|Nonce|Iss|Exp|[1-9A-HJ-NP-Za-km-z]{32}).*", "", one["message"])
        for one in data
    ]
    assert texts[0] == texts[1]
    assert list(data[0]) == list(data[1])


def test_attributes_of_a_user_are_saved(wallet):
    user = create_wallet_user(wallet, first_name="Ada", email="ada@example.com")

    user.refresh_from_db()
    assert (user.first_name, user.email) == ("Ada", "ada@example.com")


def test_a_new_wallet_is_made_where_none_is_given():
    link_wallet(create_wallet_user())

    first, second = SocialAccount.objects.values_list("uid", flat=True)
    assert Wallet.parse("evm", first) != Wallet.parse("evm", second)


def test_the_wallet_then_signs_in_as_that_user(client, any_wallet):
    user = create_wallet_user(any_wallet)

    sign_in(client, any_wallet)

    assert get_user_model().objects.get() == user
    assert client.session["_auth_user_id"] == str(user.pk)


# --- Fixtures ---------------------------------------------------------------------------------


def test_each_fixture_is_a_wallet_of_its_network(evm_wallet, solana_wallet, aptos_wallet):
    wallets = (evm_wallet, solana_wallet, aptos_wallet)
    assert [wallet.network for wallet in wallets] == EVERY_NETWORK


def test_the_site_speaks_to_the_emulator(client, wallet_settings, moralis_emulator, evm_wallet):
    wallet_settings["BACKEND"] = None

    sign_in(client, evm_wallet)

    assert SocialAccount.objects.get().extra_data["verified_by"] == "moralis"
    assert moralis_emulator.requests[-1] == "POST /challenge/verify/evm"


def test_a_test_suite_is_not_held_back(client, no_wallet_rate_limits, evm_wallet):
    statuses = {request_challenge(client, evm_wallet).status_code for _ in range(40)}

    assert statuses == {200}


def test_wallets_are_put_into_the_page_of_another_plugin(wallet_browser, page):
    assert wallet_browser.target is page


@pytest.fixture
def page():
    return Recorder()


# --- Browsers ---------------------------------------------------------------------------------


class Recorder:
    """A page, a driver: what it was told to do."""

    def __init__(self, *results: object) -> None:
        self.calls: list[tuple] = []
        self.results = list(results)

    def __getattr__(self, name: str):
        def record(*arguments: object) -> object:
            self.calls.append((name, *arguments))
            return self.results.pop(0) if name == "execute_script" and self.results else []

        return record


def test_a_page_gets_the_wallet_and_not_its_key(any_wallet):
    page = Recorder()
    wallets = PlaywrightWallets(page)

    wallets.install(any_wallet, "MetaMask", late=True)

    (name, function, sign), (init, script) = page.calls
    assert (name, function, init) == ("expose_function", "testWalletSign", "add_init_script")
    described = json.loads(search(r"\)\((\{.*\})\)$", script)[1])
    assert described["network"] == any_wallet.network
    assert (described["name"], described["late"]) == ("MetaMask", True)
    assert "key" not in described
    assert sign(described["address"], "text") == any_wallet.sign_bytes("text").hex()


def test_selenium_fetches_what_is_to_be_signed(wallet):
    request = {"id": 3, "address": wallet.address.lower(), "text": "text"}
    driver = Recorder([], [request])
    wallets = SeleniumWallets(driver)
    wallets.install(wallet)

    wallets.serve()

    name, command, source = driver.calls[0]
    assert (name, command) == ("execute_cdp_cmd", "Page.addScriptToEvaluateOnNewDocument")
    assert wallet.address.lower() in source["source"]
    assert driver.calls[-1][2:] == (3, wallet.sign_bytes("text").hex())


def test_selenium_gives_up_in_time():
    with pytest.raises(TimeoutError, match="within 0 seconds"):
        SeleniumWallets(Recorder()).serve(timeout=0)


# --- What knows it, and what it knows ---------------------------------------------------------


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_nothing_of_the_package_but_the_doctor_imports_the_kit():
    package = ROOT / "allauth_moralis"
    for path in package.rglob("*.py"):
        if path.parent.name not in {"testing", "doctor"}:  # which has wallets sign, for a try
            assert not [name for name in imports(path) if "testing" in name], path


def test_the_kit_imports_nothing_internal_and_no_browser():
    for path in (ROOT / "allauth_moralis" / "testing").glob("*.py"):
        names = imports(path)
        assert not [name for name in names if re.search("internal|playwright|selenium", name)], path
        assert path.name == "fixtures.py" or not [name for name in names if "pytest" in name], path


# --- docs/how-to/testing.md -------------------------------------------------------------------

SITE = """
INSTALLED_APPS += ["allauth_moralis", "allauth.headless"]
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_PROVIDERS = {"moralis": {"API_KEY": ""}}
"""
HEADLESS_URLS = """
urlpatterns += [
    path("_allauth/", include("allauth.headless.urls")),
    path("_allauth/", include("allauth_moralis.headless.urls")),
]
"""


def test_the_document_has_the_examples_that_it_promises():
    assert list(EXAMPLES) == [
        "test_wallets", "test_refusals", "test_users", "test_headless", "conftest", "test_service",
        "test_playwright", "test_selenium",
    ]  # fmt: skip
    assert len(EXAMPLES["test_wallets"].strip().splitlines()) <= 10


def test_the_documents_examples_run_on_a_plain_site(tmp_path):
    """All but those for a browser, which the demo's browser tests run."""
    (tmp_path / "elsewhere_settings.py").write_text(SETTINGS + SITE)
    (tmp_path / "elsewhere_urls.py").write_text(URLS + HEADLESS_URLS)
    for name, code in EXAMPLES.items():
        if name not in ("test_playwright", "test_selenium"):
            (tmp_path / f"{name}.py").write_text(code)
    (tmp_path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = elsewhere_settings\n")

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert re.search(r"\b7 passed", result.stdout), result.stdout + result.stderr
