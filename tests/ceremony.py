"""What our own tests need of a sign-in beside ``allauth_moralis.testing``."""

import json
import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY
from allauth_moralis.testing import SigningWallet, refusal_code

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


def search(pattern: str | re.Pattern[str], text: object, flags: int = 0) -> re.Match[str]:
    """What must be found in a text."""
    found = re.search(pattern, str(text), flags)
    assert found, f"{pattern} is not in {text}"
    return found


def post_json(client: Client, data: Any, **extra: Any) -> "Response":
    body = data if isinstance(data, str | bytes) else json.dumps(data)
    return client.post(reverse("moralis_challenge"), body, content_type="application/json", **extra)


def json_code(response: "Response") -> str:
    """The stable code of a refusal of the challenge endpoint, which has this form and no other."""
    assert response["Content-Type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message"}
    return refusal_code(response)


def page_code(response: "Response") -> str:
    """The stable code of a refusal page."""
    assert response["Content-Type"].startswith("text/html")
    return refusal_code(response)


def user_of(client: Client) -> Any:
    """The primary key of the user whom this browser is signed in as."""
    value = client.session.get("_auth_user_id")
    return get_user_model()._meta.pk.to_python(value)


def short(wallet: SigningWallet) -> str:
    """The wallet's address as pages shorten it."""
    return f"{wallet.address[:6]}…{wallet.address[-4:]}"


def age(client: Client, seconds: float) -> None:
    """Let the session's sign-in, and its proof of a wallet, grow older."""
    session = client.session
    session[SESSION_KEY]["at"] -= seconds
    session[SIGNED_IN_KEY] -= seconds
    session.save()


def give_password(client: Client, password: str = "correct horse!") -> Any:
    """Whoever is signed in gets a password, and is signed in by nothing else from then on."""
    user = get_user_model().objects.get(pk=user_of(client))
    user.set_password(password)
    user.save()
    client.force_login(user)
    return user
