"""Sign-in over HTTP, step by step, as the page's script or a headless application does it.

Each function takes either Django's test client, which uses the pages, or a ``HeadlessClient``.
"""

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from django.test import Client
from django.urls import reverse

from .wallets import SigningWallet

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

LOGIN, REAUTHENTICATE = "login", "reauthenticate"
ALERT = re.compile(r'role="alert"[^>]*data-error-code="([a-z_]+)"[^>]*>([^<]+)<')


class HeadlessClient:
    """A client of ``allauth.headless``: a browser with a session cookie, or an app with a token.

    Paths are relative to the versioned root of the API, as in ``client.get("auth/session")``.
    """

    def __init__(
        self, client: Client | None = None, kind: Literal["app", "browser"] = "app"
    ) -> None:
        self.client = Client() if client is None else client
        self.kind = kind
        #: The app's session token, from the latest response that had one.
        self.session_token: str | None = None

    def get(self, path: str) -> "Response":
        return self.request("GET", path)

    def post(self, path: str, data: object) -> "Response":
        return self.request("POST", path, data)

    def delete(self, path: str, data: object) -> "Response":
        return self.request("DELETE", path, data)

    def request(self, method: str, path: str, data: object = None) -> "Response":
        """Send ``data`` as JSON, or unchanged if it is a string."""
        body = "" if data is None else data if isinstance(data, str) else json.dumps(data)
        headers = {"X-Session-Token": self.session_token} if self.session_token else {}
        response = self.client.generic(
            method, self.url(path), body, content_type="application/json", headers=headers
        )
        if self.kind == "app":
            token = (response.json().get("meta") or {}).get("session_token")
            self.session_token = token or self.session_token
        return response

    def url(self, path: str) -> str:
        challenge = reverse(f"moralis_headless:{self.kind}_challenge")
        return challenge.removesuffix("auth/provider/moralis/challenge") + path


class IssuedChallenge(NamedTuple):
    """An issued challenge: its handle, and the text to sign."""

    challenge: str
    message: str


def sign_in(client: Client | HeadlessClient, wallet: SigningWallet, **fields: Any) -> "Response":
    """Sign in with a wallet, and return the response to its proof.

    ``fields`` are added to the challenge request: ``process="connect"`` links the wallet to the
    account that is signed in, and ``next="/there/"`` is where the sign-in redirects to.
    """
    issued = obtain_challenge(client, wallet, **fields)
    proof = wallet.prove(issued.message)
    return answer(client, issued.challenge, process=fields.get("process"), **proof)


def request_challenge(
    client: Client | HeadlessClient, wallet: SigningWallet, **fields: Any
) -> "Response":
    """Request a challenge for a wallet, and return the response.

    ``fields`` are added to the wallet's own fields or override them.
    """
    data = {**wallet.described, **fields}
    if isinstance(client, HeadlessClient):
        return client.post("auth/provider/moralis/challenge", data)
    url = reverse("moralis_challenge")
    return client.post(url, json.dumps(data), content_type="application/json")


def obtain_challenge(
    client: Client | HeadlessClient, wallet: SigningWallet, **fields: Any
) -> IssuedChallenge:
    """Request a challenge for a wallet, and return it.

    ``fields`` are those of ``request_challenge``. Raise ``AssertionError`` if it is refused.
    """
    response = request_challenge(client, wallet, **fields)
    if response.status_code != 200:  # noqa: PLR2004 - OK
        raise AssertionError(f"no challenge was given: {_describe(response)}")
    data = response.json()
    data = data["data"] if isinstance(client, HeadlessClient) else data
    return IssuedChallenge(data["challenge"], data["message"])


def answer(
    client: Client | HeadlessClient,
    challenge: str,
    signature: str,
    *,
    process: str | None = None,
    **fields: str,
) -> "Response":
    """Answer a challenge with a proof, and return the response.

    ``challenge`` is its handle and ``process`` the one for which it was requested; by default
    ``login``. A page sends the process too, so that a refusal can offer to start again.
    """
    data = {"challenge": challenge, "signature": signature, **fields}
    if not isinstance(client, HeadlessClient):
        asked = {} if process is None else {"process": process}
        return client.post(reverse("moralis_verify"), {**data, **asked})
    if process == REAUTHENTICATE:
        return client.post("auth/provider/moralis/reauthenticate", data)
    token = {"id_token": json.dumps(data)}
    body = {"provider": "moralis", "process": process or LOGIN, "token": token}
    return client.post("auth/provider/token", body)


def refusal_code(response: "Response") -> str:
    """Return the stable code of a refusal, be it a page, JSON or allauth's headless envelope.

    Raise ``AssertionError`` if the response is not a refusal.
    """
    if response["Content-Type"].startswith("application/json"):
        return _json_code(response)
    return _page_code(response)


def _json_code(response: "Response") -> str:
    data = response.json()
    error = data["errors"][0] if data.get("errors") else data.get("error")
    if not error or not error.get("message"):
        raise AssertionError(f"not a refusal: {_describe(response)}")
    return str(error["code"])


def _page_code(response: "Response") -> str:
    """Return the code from the element that announces the refusal, next to its sentence."""
    match = ALERT.search(response.content.decode())
    if match is None or not match[2].strip():
        raise AssertionError(f"not a refusal: {_describe(response)}")
    return match[1]


def _describe(response: "Response") -> str:
    location = response.headers.get("Location")
    rest = f"to {location}" if location else response.content.decode(errors="replace")
    return f"status {response.status_code} {rest}"
