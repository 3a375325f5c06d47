"""The Moralis Auth API over HTTP: the border to the service. Foreign exceptions die here."""

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

MAX_ANSWER = 64 * 1024  # bytes; a real one has some hundreds
#: A plan that is used up answers 401, as a wrong key does; only the words tell them apart.
QUOTA = r"service blocked|support blocked|usage has been consumed|unpaid invoices"


class Refused(Exception):
    """The service answered 400. Its ``reasons`` are matched, and never shown or logged."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("the service answered 400")
        self.reasons = reasons

    def says(self, pattern: str) -> bool:
        return any(re.search(pattern, reason, re.IGNORECASE) for reason in self.reasons)


class AuthApi:
    """Asks the service. One instance a process: its connections are kept alive."""

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
        """The answer's JSON object. Raises ``Refused`` for a 400, else a ``WalletError``.

        ``retry``: whether to ask once more where the connection failed.
        """
        data = self._ask("POST", path, body, retry=retry)
        if not isinstance(data, dict):
            raise UpstreamRejected("not a JSON object")
        return data

    def get(self, path: str) -> list[Any]:
        """The answer's JSON array, of which the service has one alone. Raises as ``post``."""
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
                    return _judge(response)
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
            # Once more where it failed at once, as a kept-alive connection does that has gone
            # stale; not where the visitor has waited already.
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
        # `from None` throughout: what requests raises may carry the key or the signature.
        try:
            return self._session.request(
                method,
                settings.base_url.rstrip("/") + path,
                json=body,
                headers={
                    "X-API-Key": settings.api_key,
                    "Accept": "application/json",
                    # An answer of some hundred bytes; and nothing to unpack that could swell.
                    "Accept-Encoding": "identity",
                },
                timeout=(connect, total),
                allow_redirects=False,
                stream=True,
            )
        except requests.Timeout:  # one of them, to connect, is a ConnectionError as well
            raise UpstreamUnavailable("no answer in time") from None
        except requests.ConnectionError:
            raise
        except ValueError as error:  # the key is no header, or BASE_URL no URL
            if isinstance(error.__context__, urllib3.exceptions.InvalidHeader):
                raise UpstreamRejected("the answer's headers are malformed") from None
            raise Misconfigured("API_KEY or BASE_URL cannot be used") from None
        except requests.RequestException:
            raise UpstreamUnavailable("no answer") from None


class _Session(requests.Session):
    """Looks at no redirect: requests reads all of its body even where it does not follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - its signature
        return None


def _judge(response: requests.Response) -> Any:
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
        body: bytes = response.raw.read(MAX_ANSWER + 1)
    except urllib3.exceptions.HTTPError:
        raise UpstreamUnavailable("the answer broke off, or took too long") from None
    except ValueError:  # a chunk of less than nothing
        raise UpstreamRejected("the answer is malformed") from None
    if response.raw.length_remaining and len(body) <= MAX_ANSWER:
        raise UpstreamUnavailable("the answer broke off")
    if len(body) > MAX_ANSWER:
        raise UpstreamRejected("the answer is too large")
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _reasons(data: Any) -> list[str]:
    """The ``message`` of an error, which is a string or a list of strings."""
    message = data.get("message") if isinstance(data, dict) else None
    return [
        text
        for text in (message if isinstance(message, list) else [message])
        if isinstance(text, str)
    ]
