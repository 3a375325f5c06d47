"""A computer and a phone: two browsers, and a QR code that the one reads off the other's screen."""

import io
import re
from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from PIL import Image
from playwright.sync_api import expect

from allauth_moralis.testing import EvmWallet

from ..devices.common import another
from ..qr import read_image
from .common import Visitor, signed_in
from .phones import PHONES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on(provider):
    provider["CROSS_DEVICE"] = True


@pytest.fixture
def phone(browser, live_server) -> Iterator[Visitor]:
    phone = Visitor(browser, live_server.url, locale="de-DE", **PHONES["Android"])
    yield phone
    phone.context.close()
    assert phone.faults == []


def show_code(visitor: Visitor, query: str = "") -> tuple[str, str]:
    """Have the computer show a code; return the number, and what a camera reads."""
    visitor.open_wallet_page(query)
    visitor.button("Use a wallet on my phone").click()
    image = visitor.page.get_by_role("img", name="QR code of the address below")
    expect(image).to_be_visible()
    loaded = "image => image.complete && image.naturalWidth > 0"
    for _ in range(50):
        if image.evaluate(loaded):
            break
        visitor.page.wait_for_timeout(50)
    number = visitor.page.locator('[data-moralis-device="number"]').inner_text()
    shot = Image.open(io.BytesIO(visitor.page.screenshot(full_page=True)))
    return number, read_image(shot)


def sign_on(phone: Visitor, address: str, number: str) -> None:
    phone.page.goto(address)
    phone.page.get_by_role("textbox").fill(number)
    phone.button().click()


def test_computer_is_signed_in_by_a_phone_that_scans_its_screen(visitor, phone, wallet):
    phone.install({"wallet": wallet})
    number, address = show_code(visitor, "?next=/accounts/email/")
    visitor.check_accessibility()
    visitor.check_fits()

    sign_on(phone, address, number)

    expect(phone.page.get_by_role("heading", level=1)).to_have_text(
        "Gehen Sie zurück an Ihren Computer"
    )
    expect(visitor.page).to_have_url(re.compile(r"^[^?]*/accounts/email/$"))
    assert SocialAccount.objects.get().uid == wallet.address
    phone.page.goto("/accounts/profile/")
    expect(phone.page).to_have_url(re.compile("/login/"))


def test_phone_says_in_large_letters_what_it_does(visitor, phone, wallet):
    phone.install({"wallet": wallet})
    _, address = show_code(visitor)

    phone.page.goto(address)

    warning = phone.page.locator(".moralis-device-warning")
    expect(warning).to_have_text("Damit wird ein anderes Gerät angemeldet, nicht dieses.")
    size = warning.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    assert size >= 24
    expect(phone.page.get_by_role("main")).to_contain_text(re.compile("Chrome unter (Linux|macOS)"))
    phone.check_accessibility()
    phone.check_fits()


def test_number_is_wanted_before_a_wallet_is_asked(visitor, phone, wallet):
    phone.install({"wallet": wallet})
    _, address = show_code(visitor)
    phone.page.goto(address)

    phone.button().click()

    expect(phone.page.get_by_role("textbox")).to_be_focused()
    assert not [each for each in phone.requests if "challenge" in each]


def test_wrong_number_is_told_and_can_be_mended(visitor, phone, wallet):
    phone.allowed = re.compile("403")
    phone.install({"wallet": wallet})
    number, address = show_code(visitor)

    sign_on(phone, address, another(number))
    expect(phone.alert).to_contain_text("Das ist nicht die Zahl")
    phone.page.get_by_role("textbox").fill(number)
    phone.button().click()

    signed_in(visitor)


def test_phone_without_a_wallet_is_shown_links_to_wallets(visitor, phone):
    _, address = show_code(visitor)

    phone.page.goto(address)

    bare = address.partition("://")[2]
    link = phone.page.locator(".moralis-links").get_by_role("link", name="MetaMask")
    expect(link).to_have_attribute("href", f"https://link.metamask.io/dapp/{bare}")
    phone.check_accessibility()


def test_phones_own_wallet_page_has_links_and_no_code(phone):
    phone.open_wallet_page("?next=/there/")

    link = phone.page.locator(".moralis-links").get_by_role("link", name="MetaMask")
    expect(link).to_be_visible()
    expect(phone.button("Eine Wallet auf meinem Telefon verwenden")).to_be_hidden()
    phone.check_accessibility()
    phone.check_fits()


def test_computer_is_shown_no_links(visitor):
    visitor.open_wallet_page()

    expect(visitor.page.get_by_text("No wallet was found").first).to_be_visible()
    expect(visitor.page.locator(".moralis-links")).to_be_hidden()


def test_code_becomes_that_of_the_wallet_that_is_chosen(visitor):
    _, address = show_code(visitor)

    with visitor.page.expect_response(re.compile("code=MetaMask")):
        visitor.page.get_by_label("Open it in").select_option("MetaMask")
    visitor.page.wait_for_timeout(200)

    shot = Image.open(io.BytesIO(visitor.page.screenshot(full_page=True)))
    assert read_image(shot) == f"https://link.metamask.io/dapp/{address.partition('://')[2]}"


def test_time_that_is_over_is_told_and_a_new_code_works(visitor, phone, wallet, provider):
    phone.install({"wallet": wallet})
    provider["CHALLENGE_TTL"] = 3
    visitor.open_wallet_page()
    visitor.button("Use a wallet on my phone").click()

    status = visitor.page.locator('[data-moralis-device="status"]')
    expect(status).to_contain_text("its time ran out")
    expect(visitor.button("Use a wallet on my phone")).to_be_focused()
    polls = len([each for each in visitor.requests if "poll" in each])
    visitor.page.wait_for_timeout(2500)
    assert len([each for each in visitor.requests if "poll" in each]) == polls

    provider["CHALLENGE_TTL"] = 120
    number, address = show_code(visitor)
    sign_on(phone, address, number)
    signed_in(visitor)


def test_code_can_be_cancelled_and_nothing_is_asked_any_more(visitor):
    show_code(visitor)
    visitor.button("Cancel").focus()

    visitor.page.keyboard.press("Enter")

    expect(visitor.page.get_by_role("img", name="QR code")).to_be_hidden()
    expect(visitor.button("Use a wallet on my phone")).to_be_focused()
    expect(visitor.page.locator('[data-moralis-device="status"]')).to_be_empty()
    polls = len([each for each in visitor.requests if "poll" in each])
    visitor.page.wait_for_timeout(2500)
    assert len([each for each in visitor.requests if "poll" in each]) == polls
    show_code(visitor)


def test_server_that_never_answers_holds_the_page_no_longer_than_the_code_lives(visitor, provider):
    visitor.allowed = re.compile("could not be reached|ERR_")
    show_code(visitor)
    visitor.page.evaluate("() => { AbortSignal.timeout = () => AbortSignal.abort() }")

    status = visitor.page.locator('[data-moralis-device="status"]')

    expect(status).to_contain_text("could not be reached")


def test_whole_code_is_on_the_screen(visitor):
    show_code(visitor)

    image = visitor.page.get_by_role("img", name="QR code of the address below")

    expect(image).to_be_in_viewport(ratio=1)


def test_refusal_to_show_a_code_is_told(visitor, provider):
    visitor.allowed = re.compile("429")
    provider["RATE_LIMITS"] = {"device": "1/m/ip"}
    show_code(visitor)

    visitor.open_wallet_page()
    visitor.button("Use a wallet on my phone").click()

    status = visitor.page.locator('[data-moralis-device="status"]')
    expect(status).to_contain_text("Too many attempts")


def test_computer_that_loses_the_network_for_a_while_goes_on(visitor, phone, wallet):
    visitor.allowed = re.compile("ERR_INTERNET_DISCONNECTED")
    phone.install({"wallet": wallet})
    number, address = show_code(visitor)
    visitor.context.set_offline(True)
    status = visitor.page.locator('[data-moralis-device="status"]')
    expect(status).to_contain_text("could not be reached")
    sign_on(phone, address, number)
    expect(phone.page.get_by_role("heading", level=1)).to_have_text(
        "Gehen Sie zurück an Ihren Computer"
    )

    visitor.context.set_offline(False)

    signed_in(visitor)


def test_wallet_of_a_phone_is_linked_to_who_is_signed_in(visitor, phone, wallet):
    other = EvmWallet()
    visitor.install({"wallet": wallet})
    phone.install({"wallet": other})
    visitor.open_wallet_page()
    visitor.button().click()
    signed_in(visitor)

    number, address = show_code(visitor, "?process=connect")
    sign_on(phone, address, number)

    expect(visitor.page).to_have_url(re.compile("/accounts/3rdparty/$"))
    assert {account.uid for account in SocialAccount.objects.all()} == {
        wallet.address,
        other.address,
    }


def test_without_javascript_the_computer_says_so_and_shows_the_way_by_email(browser, live_server):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()

    page.goto("/accounts/moralis/login/")

    expect(page.get_by_role("status").first).to_contain_text("needs JavaScript")
    expect(page.get_by_role("link", name="Sign in by e-mail instead")).to_be_visible()
    expect(page.get_by_role("button", name="Use a wallet on my phone")).to_be_hidden()
    context.close()
