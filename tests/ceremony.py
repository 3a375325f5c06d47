"""The steps of a sign-in over HTTP, as a page's script takes them."""

import json
import re
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY

from .accounts import Account


def ask(client: Client, account: Account, **fields: Any) -> HttpResponse:
    """Post a challenge request for ``account``; ``fields`` add to it or override it."""
    return post_json(client, {**account.described, **fields})


def post_json(client: Client, data: Any, **extra: Any) -> HttpResponse:
    body = data if isinstance(data, str | bytes) else json.dumps(data)
    return client.post(reverse("moralis_challenge"), body, content_type="application/json", **extra)


def answer(client: Client, challenge: str, signature: str, **fields: str) -> HttpResponse:
    return client.post(
        reverse("moralis_verify"), {"challenge": challenge, "signature": signature, **fields}
    )


def issued(client: Client, account: Account, **fields: Any) -> tuple[str, str]:
    """The handle and the text of a challenge that must be given."""
    response = ask(client, account, **fields)
    assert response.status_code == 200, response.content
    data = response.json()
    return data["challenge"], data["message"]


def sign_in(client: Client, account: Account, **fields: Any) -> HttpResponse:
    """The whole of it: ask, sign, answer."""
    challenge, message = issued(client, account, **fields)
    return answer(client, challenge, **account.prove(message))


def json_code(response: HttpResponse) -> str:
    """The stable code of a refusal of the challenge endpoint."""
    assert response["Content-Type"] == "application/json"
    error = response.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"]
    return error["code"]


def page_code(response: HttpResponse) -> str:
    """The stable code of a refusal page, in the element that announces it."""
    match = re.search(
        r'role="alert"[^>]*data-error-code="([a-z_]+)"[^>]*>([^<]+)<', response.content.decode()
    )
    assert match, response.content.decode()
    assert match[2].strip()
    return match[1]


def user_of(client: Client) -> Any:
    """The primary key of the user whom this browser is signed in as."""
    value = client.session.get("_auth_user_id")
    return get_user_model()._meta.pk.to_python(value)


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
