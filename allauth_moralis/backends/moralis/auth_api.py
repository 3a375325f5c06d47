"""The HTTP client of the Moralis Auth API. Exceptions of ``requests`` do not leave this file."""

import json
import re
import time
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3.exceptions
from django.views.decorators.debug import sensitive_variables

from ... import conf
from ...exceptions import Misconfigured, UpstreamRejected, UpstreamUnavailable
from .. import calls
from .circuit import Circuit
from .transport import DeadlineAdapter

MAX_RESPONSE = 64 * 1024  # bytes; a real response has some hundreds
#: The service answers 401 for a used-up plan, as it does for a wrong key; only the words differ.
QUOTA = r"service blocked|support blocked|usage has been consumed|unpaid invoices"


class Refused(Exception):
    """The service answered 400. Its ``reasons`` are matched, and never shown or logged."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("the service answered 400")
        self.reasons = reasons

    def says(self, pattern: str) -> bool:
        return any(re.search(pattern, reason, re.IGNORECASE) for reason in self.reasons)


class AuthApi:
    """A client of the service. Use one per process, so that its connections are kept alive."""

    def __init__(self) -> None:
        self.circuit = Circuit()

    @cached_property
    def _session(self) -> requests.Session:
        session = _Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=32, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    @sensitive_variables()
    def post(self, path: str, body: dict[str, Any], *, retry: bool = False) -> dict[str, Any]:
        """Return the JSON object of the response to a POST.

        ``retry`` tells whether to try again if the connection fails. Raise ``Refused`` for a 400,
        and a ``WalletError`` for all other failures.
        """
        data = self._ask("POST", path, body, retry=retry)
        if not isinstance(data, dict):
            raise UpstreamRejected("not a JSON object")
        return data

    def get(self, path: str) -> list[Any]:
        """Return the JSON array of the response to a GET. Raise the errors of ``post``."""
        data = self._ask("GET", path, None, retry=True)
        if not isinstance(data, list):
            raise UpstreamRejected("not a JSON array")
        return data

    @sensitive_variables()
    def _ask(self, method: str, path: str, body: dict[str, Any] | None, *, retry: bool) -> Any:
        with self.circuit.guard():
            started, response = time.monotonic(), None
            try:
                response = self._connect(method, path, body, retry=retry)
                with response:
                    return _read_result(response)
            finally:
                calls.record(
                    time.monotonic() - started,
                    None if response is None else response.headers.get("X-Request-Id"),
                )

    @sensitive_variables()
    def _connect(
        self, method: str, path: str, body: dict[str, Any] | None, *, retry: bool
    ) -> requests.Response:
        started = time.monotonic()
        try:
            return self._send(method, path, body)
        except requests.ConnectionError:
            # Try again if it failed at once, as a stale keep-alive connection does, but not if the
            # visitor has waited already.
            if not retry or time.monotonic() - started > conf.current().timeout[0]:
                raise UpstreamUnavailable("no connection") from None
        try:
            return self._send(method, path, body)
        except requests.ConnectionError:
            raise UpstreamUnavailable("no connection, twice") from None

    @sensitive_variables()
    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        settings = conf.current()
        connect, total = settings.timeout
        # `from None` throughout: the exceptions of requests may carry the key or the signature.
        try:
            return self._session.request(
                method,
                settings.base_url.rstrip("/") + path,
                json=body,
                headers={
                    "X-API-Key": settings.api_key,
                    "Accept": "application/json",
                    # Responses are small, and what need not be unpacked cannot swell.
                    "Accept-Encoding": "identity",
                },
                timeout=(connect, total),
                allow_redirects=False,
                stream=True,
            )
        except requests.Timeout:  # first, because ConnectTimeout is a ConnectionError as well
            raise UpstreamUnavailable("no answer in time") from None
        except requests.ConnectionError:
            raise
        except ValueError as error:  # the key is not a header, or BASE_URL is not a URL
            if isinstance(error.__context__, urllib3.exceptions.InvalidHeader):
                raise UpstreamRejected("the response's headers are malformed") from None
            raise Misconfigured("API_KEY or BASE_URL cannot be used") from None
        except requests.RequestException:
            raise UpstreamUnavailable("no answer") from None


class _Session(requests.Session):
    """A session without redirects: requests would read their bodies, though not follow them."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - its signature
        return None


def _read_result(response: requests.Response) -> Any:
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UpstreamUnavailable(f"status {status}")
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return _json(_read(response))
    if status == HTTPStatus.BAD_REQUEST:
        raise Refused(_reasons(_json(_read(response))))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        if Refused(_reasons(_json(_read(response)))).says(QUOTA):
            raise UpstreamUnavailable("the plan's quota is used up")
        raise Misconfigured(f"the service refused the API key with status {status}")
    raise UpstreamRejected(f"status {status}")


def _read(response: requests.Response) -> bytes:
    try:
        body: bytes = response.raw.read(MAX_RESPONSE + 1)
    except urllib3.exceptions.HTTPError:
        raise UpstreamUnavailable("the response broke off, or took too long") from None
    except ValueError:  # a chunk of negative length
        raise UpstreamRejected("the response is malformed") from None
    if response.raw.length_remaining and len(body) <= MAX_RESPONSE:
        raise UpstreamUnavailable("the response broke off")
    if len(body) > MAX_RESPONSE:
        raise UpstreamRejected("the response is too large")
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _reasons(data: Any) -> list[str]:
    """Return the reasons in an error's ``message``, which is a string or a list of strings."""
    message = data.get("message") if isinstance(data, dict) else None
    return [
        text
        for text in (message if isinstance(message, list) else [message])
        if isinstance(text, str)
    ]
