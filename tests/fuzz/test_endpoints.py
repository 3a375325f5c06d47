"""Every endpoint, with foreign values in all that can be sent: refused as documented, or taken.

An exception in a view is one in the test: Django's test client passes it on.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import hypothesis
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from allauth_moralis.exceptions import BY_CODE
from allauth_moralis.headless.urls import urlpatterns as headless_urls
from allauth_moralis.testing import EvmWallet, refusal_code, sign_in

from ..ceremony import user_of
from ..conftest import API_KEY
from .foreign import MARKUP, Foreign, foreign_requests, objects, texts

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

TOKEN = "/_allauth/{}/v1/auth/provider/token"
#: What answers with JSON whatever it is sent, beside the endpoints of applications.
SPEAK_JSON = ("moralis_challenge", "moralis_device", "moralis_device_poll")
fuzzed = hypothesis.settings(
    max_examples=hypothesis.settings().max_examples * 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def endpoints() -> Iterator[tuple[str, str]]:
    """The name and the path of each endpoint, with ``{}`` where the path varies."""
    pages = import_module("allauth_moralis.urls").urlpatterns
    for prefix, patterns in (("/accounts/", pages), ("/_allauth/", headless_urls)):
        for each in patterns:
            if isinstance(each, URLPattern):
                yield str(each.name), prefix + re.sub(r"<[^>]*>", "{}", str(each.pattern))


@pytest.fixture(autouse=True)
def _everything_on(provider, settings):
    provider.update(
        NETWORKS=["evm", "solana", "aptos"], CROSS_DEVICE=True, API_KEY=API_KEY, RATE_LIMITS=False,
        BACKEND="allauth_moralis.backends.local.LocalBackend",
    )  # fmt: skip
    # As where the proxy checks the Host header, so that ours gets to see what Django lets through.
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture
def sessions(settings) -> dict[str, str]:
    """The session cookies of somebody, and of somebody who must confirm an address first."""
    user, pending = Client(), Client()
    sign_in(user, EvmWallet())
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    sign_in(pending, EvmWallet())
    pending.post("/accounts/3rdparty/signup/", {"email": "ada@example.com"})
    assert pending.get("/accounts/moralis/address/").status_code == 200
    clients = {"user": user, "pending": pending}
    return {name: client.cookies["sessionid"].value for name, client in clients.items()}


@fuzzed
@given(st.sampled_from([*endpoints()]), st.sampled_from(["visitor", "user", "pending"]),
       foreign_requests)  # fmt: skip
def test_foreign_request_is_refused_as_documented_or_taken(sessions, endpoint, who, foreign):
    name, path = endpoint
    client = Client(enforce_csrf_checks=foreign.checks_csrf)
    if who in sessions:
        client.cookies["sessionid"] = sessions[who]
    for key, value in foreign.cookies.items():
        client.cookies[key] = value
    before = state_of(client)

    response = send(client, path, foreign)

    assert state_of(client) == before
    check_answer(response, name, path)


def send(client: Client, path: str, foreign: Foreign) -> "Response":
    part = quote(foreign.part.encode(errors="surrogatepass"), safe="")
    # Django's client leaves the type out where there is no body.
    sent: Any = {"CONTENT_TYPE": foreign.content_type, "QUERY_STRING": foreign.query.decode()}
    address = path.replace("{}", part or "x")
    return client.generic(foreign.method, address, foreign.body, **sent, **foreign.headers)


def state_of(client: Client) -> tuple:
    """Who is signed in, and who and what there is."""
    rows = (get_user_model(), SocialAccount)
    return user_of(client), *(sorted(model.objects.values_list("pk", flat=True)) for model in rows)


def check_answer(response: "Response", name: str, path: str) -> None:
    body = response.content.decode()
    assert API_KEY not in body
    if response["Content-Type"].startswith("text/html"):
        assert MARKUP not in body
    status, is_app = response.status_code, path.startswith("/_allauth/")
    if status in (200, 302, 404, 405, 410) or not body:  # HEAD has none
        return
    if "<title>Bad Request (400)</title>" in body:  # Django's own, before any view
        return
    if "403_csrf.html" in [template.name for template in response.templates]:  # as above
        return
    if name in SPEAK_JSON or is_app:
        assert response["Content-Type"].startswith("application/json")
        if status == 401 and "errors" not in response.json():
            return  # allauth's: somebody must sign in, or confirm
    code = refusal_code(response)
    # As allauth refuses what can be mended there: its 401 and 403 say more than that.
    mended = name.endswith("_reauthenticate") and BY_CODE[code].status < 429
    assert status == (400 if mended else BY_CODE[code].status)


@hypothesis.settings(fuzzed, max_examples=fuzzed.max_examples // 5)
@given(answered=objects | texts, process=texts, kind=st.sampled_from(["app", "browser"]))
def test_foreign_token_is_refused(answered, process, kind):
    """By allauth's own endpoint, which fails by itself at JSON that is nested a thousand deep."""
    client = Client()
    token = {"id_token": answered if isinstance(answered, str) else json.dumps(answered)}
    body = json.dumps({"provider": "moralis", "process": process, "token": token})

    response = client.post(TOKEN.format(kind), body, content_type="application/json")

    assert response.status_code == 400, response.content
    assert response.json()["errors"]
    assert not SocialAccount.objects.exists()
