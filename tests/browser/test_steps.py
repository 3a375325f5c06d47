"""The steps as people see them: cancel, time, windows that wait; and what a site hears."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from .common import Visitor, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

CHALLENGE, VERIFY = "POST /accounts/moralis/challenge/", "POST /accounts/moralis/verify/"


def count(visitor: Visitor, method: str) -> int:
    calls = visitor.page.evaluate("testWallets.calls")
    return [call["method"] for call in calls].count(method)


def status(visitor: Visitor):
    return visitor.page.get_by_role("status")


def waits_for_the_signature(visitor, wallet, **behaviour) -> None:
    visitor.install({"wallet": wallet, "holds": ["personal_sign"], **behaviour})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(status(visitor)).to_contain_text("Read the text in your wallet")


# --- What is shown ---------------------------------------------------------------------------


def test_text_and_time_are_shown_while_the_wallet_shows_the_text(visitor, wallet):
    waits_for_the_signature(visitor, wallet)

    text = visitor.page.get_by_role("region", name=re.compile("Your wallet shows this text"))
    expect(text).to_contain_text("localhost:")
    expect(text).to_contain_text(wallet.address)
    expect(visitor.page.get_by_role("timer")).to_have_text(re.compile(r"Time left to sign: [12]:"))
    expect(visitor.page.locator("[aria-current=step]")).to_have_text("Sign")
    visitor.check_accessibility()
    visitor.check_fits()


def test_time_is_the_servers(visitor, wallet):
    visitor.context.add_init_script("Date.now = () => 0")
    waits_for_the_signature(visitor, wallet)

    expect(visitor.page.get_by_role("timer")).to_have_text(re.compile("Time left to sign: [12]:"))


def test_a_text_that_ran_out_is_asked_for_afresh(visitor, wallet):
    visitor.page.clock.install()
    waits_for_the_signature(visitor, wallet)

    visitor.page.clock.fast_forward(121_000)
    expect(status(visitor)).to_contain_text("your wallet was sent a new text")
    visitor.page.evaluate("testWallets.answer('personal_sign', 1)")
    signed_in(visitor)

    assert visitor.requests.count(CHALLENGE) == 2


# --- Cancel, and what never answers ----------------------------------------------------------


def test_cancel_while_the_wallet_waits(visitor, wallet):
    waits_for_the_signature(visitor, wallet)

    visitor.button("Cancel").click()

    expect(status(visitor)).to_have_text("Choose a wallet.")
    expect(visitor.page.get_by_role("alert")).to_be_empty()
    expect(visitor.button("Cancel")).to_be_hidden()
    expect(visitor.button()).to_be_focused()


def test_cancel_and_a_site_that_never_makes_a_text(visitor, wallet):
    visitor.page.clock.install()
    visitor.page.route("**/challenge/", lambda route: None)
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(status(visitor)).to_contain_text("Preparing the text")
    visitor.button("Cancel").click()
    expect(status(visitor)).to_have_text("Choose a wallet.")

    visitor.button().click()
    expect(status(visitor)).to_contain_text("Preparing the text")
    visitor.page.clock.fast_forward(20_000)

    expect(visitor.alert).to_contain_text("could not be reached")
    visitor.page.unroute("**/challenge/")
    visitor.button().click()
    signed_in(visitor)


@pytest.mark.parametrize("how", ["time", "Cancel"])
def test_stop_after_the_form_was_sent_leaves_no_dead_button(visitor, wallet, how):
    visitor.page.clock.install()
    visitor.page.route("**/verify/", lambda route: route.abort("aborted"))  # as Stop does
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(status(visitor)).to_contain_text("Checking the signature")
    expect(visitor.button()).to_have_attribute("aria-disabled", "true")

    if how == "time":
        visitor.page.clock.fast_forward(20_000)
        expect(visitor.alert).to_contain_text("could not be reached")
    else:
        visitor.button("Cancel").click()
    visitor.page.unroute("**/verify/")
    visitor.button().click()

    signed_in(visitor)


def test_a_wallet_that_never_answers_is_given_up_after_some_time(visitor, wallet):
    visitor.page.clock.install()
    visitor.install({"wallet": wallet, "unanswered": 1})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(status(visitor)).to_contain_text("Open your wallet")

    visitor.page.clock.fast_forward(120_000)

    expect(visitor.alert).to_contain_text("Your wallet has not answered.")
    visitor.button().click()
    signed_in(visitor)


# --- Two windows -----------------------------------------------------------------------------


def test_press_on_the_wallet_that_waits_asks_it_nothing_more(visitor, wallet):
    waits_for_the_signature(visitor, wallet)

    visitor.button().dispatch_event("click")
    visitor.page.wait_for_timeout(200)

    assert count(visitor, "personal_sign") == 1
    visitor.page.evaluate("testWallets.answer('personal_sign')")
    signed_in(visitor)


def test_first_window_is_signed_after_a_second_one_was_asked_for(visitor, wallet):
    waits_for_the_signature(visitor, wallet)
    visitor.button("Cancel").click()
    visitor.button().click()
    expect(status(visitor)).to_contain_text("Read the text in your wallet")

    visitor.page.evaluate("testWallets.answer('personal_sign', 0)")

    signed_in(visitor)
    assert (visitor.requests.count(CHALLENGE), visitor.requests.count(VERIFY)) == (1, 1)


def test_signature_after_cancel_is_taken(visitor, wallet):
    waits_for_the_signature(visitor, wallet)
    visitor.button("Cancel").click()

    visitor.page.evaluate("testWallets.answer('personal_sign')")

    signed_in(visitor)


def test_press_on_another_wallet_gives_the_first_one_up(visitor, wallet, other_wallet):
    visitor.install({"wallet": other_wallet, "name": "Second"})
    waits_for_the_signature(visitor, wallet)

    visitor.button("Second").click()
    signed_in(visitor)

    assert SocialAccount.objects.get().uid == other_wallet.address


def test_a_request_that_is_open_already_goes_on_once_it_was_answered(visitor, wallet):
    visitor.install({"wallet": wallet, "errors": {"eth_requestAccounts": [-32002]}, "shows": []})
    visitor.open_wallet_page()
    visitor.button().click()
    expect(visitor.alert).to_contain_text("Your wallet is still waiting for your answer.")

    visitor.page.evaluate("testWallets.wallets[0].shows = [testWallets.wallets[0].address]")

    signed_in(visitor)


# --- What a site hears -----------------------------------------------------------------------

LISTEN = """
window.heard = []
document.addEventListener('moralis:state', ({ detail }) => heard.push(detail))
"""


def test_a_site_hears_of_each_step(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.page.evaluate(LISTEN + "; HTMLFormElement.prototype.submit = () => {}")

    visitor.button().click()
    expect(status(visitor)).to_have_text("Checking the signature…")

    heard = visitor.page.evaluate("heard")
    assert [one["state"] for one in heard] == ["connecting", "preparing", "signing", "sending"]
    assert heard[2]["wallet"] == "MetaMask"
    assert heard[2]["network"] == "evm"
    assert heard[2]["address"] == wallet.address.lower()
    assert set(heard[3]["fields"]) == {"challenge", "signature"}


def test_a_site_can_send_the_signature_itself(visitor, wallet):
    visitor.install({"wallet": wallet})
    visitor.open_wallet_page()
    visitor.page.evaluate(
        "document.addEventListener('moralis:state', (event) => {"
        "if (event.detail.state !== 'sending') return;"
        "event.preventDefault(); window.sent = event.detail.fields })"
    )

    visitor.button().click()
    expect(status(visitor)).to_have_text("Choose a wallet.")
    expect(visitor.button("Cancel")).to_be_hidden()

    assert visitor.page.evaluate("sent.signature").startswith("0x")
    assert VERIFY not in visitor.requests


def test_a_site_can_say_itself_what_went_wrong(visitor, wallet):
    visitor.install({"wallet": wallet, "errors": {"personal_sign": [4001]}})
    visitor.open_wallet_page()
    visitor.page.evaluate(
        "document.addEventListener('moralis:error', (event) => {"
        "event.preventDefault(); window.reason = event.detail.reason })"
    )

    visitor.button().click()
    expect(status(visitor)).to_have_text("Choose a wallet.")

    expect(visitor.page.get_by_role("alert")).to_be_empty()
    assert visitor.page.evaluate("reason") == "rejected"
