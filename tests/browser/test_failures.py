"""Wallets and servers that fail, in a real Chromium."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from allauth_moralis.emulator import Emulator

from .common import Visitor, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.parametrize(
    ("method", "code", "sentence"),
    [
        ("eth_requestAccounts", 4001, "You declined in your wallet"),
        ("personal_sign", 4001, "You declined in your wallet"),
        ("personal_sign", "ACTION_REJECTED", "You declined in your wallet"),
        ("personal_sign", "4001", "You declined in your wallet"),
        ("personal_sign", 5000, "You declined in your wallet"),
        ("eth_requestAccounts", -32002, "Your wallet is still waiting for your answer."),
        ("eth_requestAccounts", 4100, "Your wallet did not share an account."),
        ("personal_sign", -32603, "Something went wrong in your wallet."),
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
    """Its window was closed: another wallet takes over, and the same one after Cancel."""
    visitor.install(
        {"wallet": wallet, "name": "Silent", "unanswered": 1},
        {"wallet": other_wallet, "name": "Other", "unanswered": 1},
    )
    visitor.open_wallet_page()

    visitor.button("Silent").click()
    visitor.button("Other").click()
    visitor.button("Cancel").click()
    expect(visitor.button("Other")).to_be_focused()
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
    expect(visitor.alert).to_contain_text("This site does not accept this chain.")
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
    expect(visitor.alert).to_contain_text("is not responding")


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


def test_a_script_that_does_not_load_leaves_a_sentence(visitor, wallet):
    visitor.allowed = re.compile("ERR_FAILED")
    visitor.page.route("**/evm.js", lambda route: route.abort())
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()

    expect(visitor.page.get_by_role("status")).to_contain_text("reload this page")
    assert visitor.page.locator("#moralis-wallets button").count() == 0


def test_linking_without_being_signed_in_shows_the_way(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page("?process=connect")

    expect(visitor.page.get_by_text("Please sign in first.")).to_be_visible()
    assert visitor.page.locator("#moralis-wallets").count() == 0


def test_without_javascript(browser, live_server):
    visitor = Visitor(browser, live_server.url, java_script_enabled=False)
    visitor.open_wallet_page()

    expect(visitor.page.get_by_text("needs JavaScript")).to_be_visible()
    visitor.page.get_by_role("link", name="Sign in by e-mail instead").click()

    expect(visitor.page).to_have_url(live_server.url + "/accounts/login/")
    visitor.context.close()


# --- What people see of it --------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 1280])
def test_refusal_is_on_the_screen_below_many_wallets(visitor, wallet, width):
    visitor.page.set_viewport_size({"width": width, "height": 640})
    visitor.install(
        *({"wallet": wallet, "name": f"Wallet {number}"} for number in range(8)),
        {"wallet": wallet, "name": "Last", "errors": {"personal_sign": [4001]}},
    )
    visitor.open_wallet_page()

    visitor.button("Last").click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("You declined")
    expect(visitor.page.get_by_role("alert")).to_be_in_viewport(ratio=0.99)


def test_what_to_do_is_on_the_screen_below_many_wallets(visitor, wallet):
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.install(
        *({"wallet": wallet, "name": f"Wallet {number}"} for number in range(8)),
        {"wallet": wallet, "name": "Last", "unanswered": 1},
    )
    visitor.open_wallet_page()

    visitor.button("Last").click()

    expect(visitor.page.get_by_role("status")).to_contain_text("Open your wallet")
    expect(visitor.page.get_by_role("status")).to_be_in_viewport(ratio=0.99)


def test_family_of_wallets_that_does_not_load_does_not_hide_the_others(visitor, wallet):
    visitor.allowed = re.compile("Failed to load|ERR_|dynamically imported")
    visitor.page.route("**/solana.js", lambda route: route.abort())
    visitor.install({"wallet": wallet})
    visitor.page.goto("/accounts/moralis/login/")

    expect(visitor.button()).to_be_visible()
    expect(visitor.page.get_by_role("alert")).to_contain_text("could not be reached")
    visitor.button().click()

    signed_in(visitor)
