"""The pages and their states, each with the way there. Tests look at them, and so do pictures.

A state is a function of the visitor and of the fixtures that it names.
"""

import re
from collections.abc import Callable
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from ..devices.common import FIREFOX
from .common import Visitor, came_in

NAME = "A wallet with quite a long name"
#: Rounded squares, as wallets' own icons are.
ORANGE, BLUE = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'>"
    f"<rect width='10' height='10' rx='2.5' fill='%23{colour}'/></svg>"
    for colour in ("e2761b", "7084ff")
)


def reach(name: str, visitor: Visitor, fixture: Callable[[str], Any]) -> None:
    """Bring the visitor's page into a state."""
    visitor.allowed = re.compile("40[0-3]")  # of refusals
    code = STATES[name].__code__
    needs = code.co_varnames[1 : code.co_argcount]
    STATES[name](visitor, *(fixture(need) for need in needs))


def visits(path: str) -> Callable[[Visitor], None]:
    def visit(visitor: Visitor) -> None:
        visitor.page.goto(path)

    return visit


def found(visitor: Visitor, wallet, other_wallet) -> None:
    visitor.install({"wallet": wallet, "icon": ORANGE, "name": NAME})
    visitor.install({"wallet": other_wallet, "icon": BLUE, "name": "Rabby Wallet"})


def login_with_wallets(visitor: Visitor, wallet, other_wallet) -> None:
    found(visitor, wallet, other_wallet)
    visitor.page.goto("/accounts/login/")
    expect(visitor.button("Rabby Wallet")).to_be_visible()


def no_wallet(visitor: Visitor) -> None:
    visitor.open_wallet_page()
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


def choosing(visitor: Visitor, wallet, other_wallet) -> None:
    found(visitor, wallet, other_wallet)
    visitor.open_wallet_page()
    expect(visitor.button("Rabby Wallet")).to_be_visible()


def starts(visitor: Visitor, wallet, **behaviour) -> None:
    visitor.install({"wallet": wallet, "icon": ORANGE, "name": NAME, **behaviour})
    visitor.open_wallet_page()
    visitor.button(NAME).click()


def connecting(visitor: Visitor, wallet) -> None:
    starts(visitor, wallet, unanswered=1)
    expect(visitor.page.get_by_role("status")).to_contain_text("Open your wallet")


def signing(visitor: Visitor, wallet) -> None:
    starts(visitor, wallet, holds=["personal_sign"])
    expect(visitor.page.get_by_role("region")).to_contain_text(wallet.address)


def declined(visitor: Visitor, wallet) -> None:
    starts(visitor, wallet, errors={"personal_sign": [4001]})
    expect(visitor.alert).to_contain_text("You declined")


def refused(visitor: Visitor, wallet, other_wallet) -> None:
    starts(visitor, wallet, signer=other_wallet)
    expect(visitor.alert).to_have_attribute("data-error-code", re.compile("."))


def profile(visitor: Visitor, wallet) -> None:
    came_in(visitor, wallet)
    for closed in ("Show the address", "Name this wallet", "What was verified"):
        visitor.page.get_by_text(closed).click()


def contract_wallet(visitor: Visitor, wallet, other_wallet) -> None:
    came_in(visitor, wallet)
    user = get_user_model().objects.get()
    SocialAccount.objects.create(
        user=user,
        provider="moralis",
        uid=f"eip155:8453:{other_wallet.address}",
        extra_data={
            "network": "evm",
            "chain_id": 8453,
            "verified_by": "contract",
            "verified_at": "2026-01-01T12:00:00Z",
        },
    )
    visitor.page.goto("/accounts/profile/")
    visitor.page.get_by_text("by its contract, on Base").scroll_into_view_if_needed()


def connections(visitor: Visitor, wallet, other_wallet) -> None:
    came_in(visitor, wallet)
    user = get_user_model().objects.get()
    SocialAccount.objects.create(user=user, provider="moralis", uid=other_wallet.address)
    visitor.page.goto("/accounts/3rdparty/")


def banner(visitor: Visitor, wallet, other_wallet) -> None:
    came_in(visitor, wallet, shows=[other_wallet.address.lower()])
    expect(visitor.page.locator("#moralis-watch")).to_be_visible()


def confirm(visitor: Visitor, wallet) -> None:
    came_in(visitor, wallet)
    visitor.page.goto("/accounts/moralis/login/?process=reauthenticate")


def collision(visitor: Visitor, wallet, other_wallet) -> None:
    theirs = get_user_model().objects.create_user("ada")
    SocialAccount.objects.create(user=theirs, provider="moralis", uid=other_wallet.address)
    came_in(visitor, wallet)
    visitor.install({"wallet": other_wallet, "name": "Theirs"})
    visitor.open_wallet_page("?process=connect")
    visitor.button("Theirs").click()
    expect(visitor.page.get_by_text("This wallet already opens another account.")).to_be_visible()


def address(visitor: Visitor, wallet, settings) -> None:
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    starts(visitor, wallet)
    visitor.page.get_by_label("Email").fill("me@exmaple.com")
    visitor.page.locator("main button[type=submit]").click()
    visitor.page.goto("/accounts/moralis/address/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Confirm your e-mail address")


def device_panel(visitor: Visitor, provider) -> None:
    """On the computer."""
    provider["CROSS_DEVICE"] = True
    visitor.open_wallet_page()
    visitor.button("Use a wallet on my phone").click()
    expect(visitor.page.get_by_role("img", name="QR code")).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")  # the code has come


def address_of_request(visitor: Visitor, client) -> str:
    """The page that a phone opens after it has scanned the code of a computer."""
    host = {"host": visitor.url.partition("://")[2], "user-agent": FIREFOX}
    url = "/accounts/moralis/device/"
    asked = client.post(url, {}, content_type="application/json", headers=host)
    return asked.json()["verification_uri"]


def device_page(visitor: Visitor, wallet, provider, client) -> None:
    """On the phone, in the browser of a wallet."""
    provider["CROSS_DEVICE"] = True
    visitor.install({"wallet": wallet, "icon": ORANGE, "name": NAME})
    visitor.page.goto(address_of_request(visitor, client))
    expect(visitor.button(NAME)).to_be_visible()


def device_page_without_wallet(visitor: Visitor, provider, client) -> None:
    """On the phone, in the browser that its camera opens."""
    provider["CROSS_DEVICE"] = True
    visitor.page.goto(address_of_request(visitor, client))
    expect(visitor.page.get_by_role("status")).to_contain_text("No wallet was found")


STATES: dict[str, Any] = {
    "home": visits("/"),
    "login": visits("/accounts/login/"),
    "signup": visits("/accounts/signup/"),
    "link": visits("/accounts/moralis/login/?process=connect"),
    **{
        state.__name__: state
        for state in (
            login_with_wallets,
            no_wallet,
            choosing,
            connecting,
            signing,
            declined,
            refused,
            profile,
            contract_wallet,
            connections,
            banner,
            confirm,
            collision,
            address,
            device_panel,
            device_page,
            device_page_without_wallet,
        )
    },
}
