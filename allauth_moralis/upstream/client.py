"""The HTTP client of a service. Exceptions of ``requests`` do not leave this file.

It follows no redirect, keeps no cookie, and does not let a URL with a key into a log.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
import urllib3.exceptions
from django.views.decorators.debug import sensitive_variables

from ..exceptions import (
    Misconfigured,
    ResponseTooLarge,
    UpstreamRejected,
    UpstreamUnavailable,
    WalletError,
)
from . import calls
from .transport import DeadlineAdapter

#: Connections that are kept alive. More are opened if need be, and closed afterwards.
POOL_SIZE = 32
#: Responses are small, and what need not be unpacked cannot swell.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}

#: Whether this thread is busy with a request whose URL is secret.
_silent: ContextVar[bool] = ContextVar("silent", default=False)


class Response:
    """The status of a response, and its body for whoever reads it, until its ``with`` ends."""

    def __init__(self, response: requests.Response, started: float, *, secret_url: bool) -> None:
        self._response, self._started = response, started
        self._secret_url = secret_url
        self.status: int = response.status_code
        #: The time of the server, as it writes it.
        self.date: str | None = response.headers.get("Date")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _silence(self._secret_url):
            self._response.close()
        calls.record(self._started, self._response.headers.get("X-Request-Id"))

    def read(self, limit: int) -> bytes:
        """Return the body. Raise ``ResponseTooLarge`` if it has more than ``limit`` bytes."""
        raw = self._response.raw
        try:
            with _silence(self._secret_url):
                body: bytes = raw.read(limit + 1)
        except urllib3.exceptions.HTTPError:
            raise UpstreamUnavailable("the response broke off, or took too long") from None
        except ValueError:  # a chunk of negative length
            raise UpstreamRejected("the response is malformed") from None
        if len(body) > limit:
            raise ResponseTooLarge("the response is too large")
        if raw.length_remaining:
            raise UpstreamUnavailable("the response broke off")
        return body

    def json(self, limit: int) -> Any:
        """Return the body as JSON, or ``None`` if it is not JSON."""
        try:
            return json.loads(self.read(limit))
        except (ValueError, RecursionError):
            return None


class Client:
    """A client of one service. Use one per process, so that its connections are kept alive.

    ``secret_url`` keeps ``urllib3`` from logging the URL's host and path, as it does for DEBUG, and
    with warnings about malformed headers and a full pool.
    """

    def __init__(self, *, secret_url: bool = False) -> None:
        self._secret_url = secret_url

    @cached_property
    def _session(self) -> requests.Session:
        session = _Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=POOL_SIZE, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    @sensitive_variables()
    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        timeout: tuple[float, float],
        headers: Mapping[str, str] | None = None,
        retry: bool = False,
    ) -> Response:
        """Send a request with a JSON ``body``, and return the response, for a ``with``.

        ``timeout``: seconds to connect, and seconds to have the whole response. ``retry`` tells
        whether to try again if the connection fails. Raise ``UpstreamUnavailable`` without a
        response, ``UpstreamRejected`` for one that is not HTTP, and ``Misconfigured`` if the URL
        or a header cannot be sent.
        """
        started = time.monotonic()
        try:
            response = self._connect(method, url, body, timeout, headers or {}, retry=retry)
        except WalletError:
            calls.record(started, None)
            raise
        return Response(response, started, secret_url=self._secret_url)

    @sensitive_variables()
    def _connect(self, *request: Any, retry: bool) -> requests.Response:
        started = time.monotonic()
        try:
            return self._send(*request)
        except requests.ConnectionError:
            # Try again if it failed at once, as a stale keep-alive connection does, but not if the
            # visitor has waited already.
            connect, _total = request[3]
            if not retry or time.monotonic() - started > connect:
                raise UpstreamUnavailable("no connection") from None
        try:
            return self._send(*request)
        except requests.ConnectionError:
            raise UpstreamUnavailable("no connection, twice") from None

    @sensitive_variables()
    def _send(
        self,
        method: str,
        url: str,
        body: Any,
        timeout: tuple[float, float],
        headers: Mapping[str, str],
    ) -> requests.Response:
        # `from None` throughout: the exceptions of requests may carry the key or the signature.
        try:
            with _silence(self._secret_url):
                return self._session.request(
                    method,
                    url,
                    json=body,
                    headers={**HEADERS, **headers},
                    timeout=timeout,
                    allow_redirects=False,
                    stream=True,
                )
        except requests.Timeout:  # first, because ConnectTimeout is a ConnectionError as well
            raise UpstreamUnavailable("no answer in time") from None
        except requests.ConnectionError:
            raise
        except ValueError as error:  # the key is not a header, or the URL is not one
            if isinstance(error.__context__, urllib3.exceptions.InvalidHeader):
                raise UpstreamRejected("the response's headers are malformed") from None
            raise Misconfigured("the service's URL or key cannot be used") from None
        except requests.RequestException:
            raise UpstreamUnavailable("no answer") from None


class _Session(requests.Session):
    """A session without redirects: requests would read their bodies, though not follow them."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - its signature
        return None


@contextmanager
def _silence(is_secret: bool) -> Iterator[None]:
    token = _silent.set(is_secret)
    try:
        yield
    finally:
        _silent.reset(token)


def _is_public(_record: logging.LogRecord) -> bool:
    return not _silent.get()


for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_is_public)
