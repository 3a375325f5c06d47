"""What the tests of ens share."""

from allauth.socialaccount.models import SocialAccount
from django.test import Client

URL = "/accounts/moralis/names/"
ADA = "ada.eth"
#: The end of the node's URL.
SECRET = "/v2/a-key-that-must-not-be-seen-anywhere"


def names(client: Client) -> dict[str, str]:
    """The answer of the endpoint, which is never a refusal."""
    response = client.get(URL)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert "no-store" in response["Cache-Control"]
    return response.json()


def link(number: int, *, uid: str | None = None) -> str:
    """Give the oldest account another wallet, and return its uid."""
    user = SocialAccount.objects.earliest("pk").user
    uid = uid or f"0x{number:040x}"
    SocialAccount.objects.create(user=user, provider="moralis", uid=uid)
    return uid


def place(uid: str) -> str:
    """The markup of the place for a wallet's name."""
    return f'data-moralis-ens="{uid}" hidden'
