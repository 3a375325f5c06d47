"""How the site is visited: from outside over HTTP, or within this process."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from django.conf import settings
from django.test import Client
from django.urls import get_script_prefix
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError

from ..devices.contexts import csrf_header
from ..upstream.transport import DeadlineAdapter
from .hosts import Address, of_settings, of_url

TIMEOUT = (5, 20)  # seconds: to connect, and for the whole response
MAX_BODY = 2 * 1024 * 1024  # bytes; of a page, or of a style sheet


class NotReached(Exception):
    """There was no response. ``kind`` is the name of the exception, without its text."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response as a browser gets it. Headers are pairs, for some come more than once."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, url: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> "Answer":
        kept = tuple((name.lower(), value) for name, value in headers)
        return cls(url=url, status=status, headers=kept, body=body)

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def header(self, name: str) -> str:
        """Return the value of a header; of several, joined as HTTP joins them."""
        return ", ".join(self.all(name))

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def cookies(self) -> "list[Morsel[str]]":
        found: list[Morsel[str]] = []
        for line in self.all("set-cookie"):
            try:
                found += SimpleCookie(line).values()
            except CookieError:
                continue
        return found


class Front(ABC):
    """A visitor's way to the site. Redirects are not followed, and cookies are kept."""

    #: Whether requests pass what stands before the site.
    is_outside: bool
    address: Address

    @abstractmethod
    def get(self, path: str) -> Answer:
        """Return the response to a GET of a path, or of a URL. Raise ``NotReached``."""

    @abstractmethod
    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie that the site has set."""


class _Password(AuthBase):
    """That of a staging site, which no finding may show, and which is told to that site alone.

    It is set where there is none, too: requests would look for one in ``~/.netrc``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = of_url(url)
        self._user = unquote(parts.username or "")
        self._add = HTTPBasicAuth(self._user, unquote(parts.password or ""))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Not to the host of static files, and not by http if the site is asked by https.
        if self._user and of_url(request.url or "") == self._address:
            self._add(request)
        return request


class Outside(Front):
    """A browser somewhere on the net, or as near to one as this machine is."""

    is_outside = True

    def __init__(self, url: str) -> None:
        self.address = of_url(url)
        parts = urlsplit(url)
        self._prefix = parts.path.rstrip("/")
        self._session = requests.Session()
        self._session.auth = _Password(url)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, DeadlineAdapter(max_retries=0))

    def get(self, path: str) -> Answer:
        return self._send("GET", path)

    def post(self, path: str, data: object, token: str, headers: Mapping[str, str]) -> Answer:
        """Post JSON as the page's script does. Raise ``NotReached``."""
        own = {csrf_header(): token, "Origin": self.address.origin, "Referer": self._url(path)}
        return self._send("POST", path, json=data, headers={**own, **headers})

    def cookie(self, name: str) -> str | None:
        return next((each.value for each in self._session.cookies if each.name == name), None)

    def local_address(self) -> str:
        """Return the address of this machine on its way to the site. Raise ``NotReached``."""
        parts = urlsplit(self.address.origin)
        port = parts.port or (443 if self.address.is_secure else 80)
        try:
            with socket.create_connection((parts.hostname or "", port), TIMEOUT[0]) as connection:
                address: str = connection.getsockname()[0]
        except OSError as error:
            raise NotReached(type(error).__name__) from None
        return address

    def _url(self, path: str) -> str:
        # The server may give the site a prefix that this process does not know of.
        if path.startswith("/") and not path.startswith((f"{self._prefix}/", "//")):
            path = self._prefix + path
        return urljoin(self.address.origin, path)

    def _send(self, method: str, path: str, **request: Any) -> Answer:
        try:
            with self._session.request(
                method,
                self._url(path),
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **request,
            ) as response:
                raw = response.raw
                body = raw.read(MAX_BODY, decode_content=True)
                return Answer.of(self._url(path), response.status_code, raw.headers.items(), body)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise NotReached(type(error).__name__) from None


class Inside(Front):
    """The site's own code in this process, with its middleware, and without a server."""

    is_outside = False

    def __init__(self) -> None:
        self.address = of_settings()
        self._client = Client(raise_request_exception=False)

    def get(self, path: str) -> Answer:
        # The client wants the path below the prefix under which the site is served.
        path_info = urlsplit(path).path.removeprefix(get_script_prefix().rstrip("/"))
        extra: dict[str, Any] = {"HTTP_HOST": self.address.host}
        if self.address.is_secure and settings.SECURE_PROXY_SSL_HEADER:
            header, value = settings.SECURE_PROXY_SSL_HEADER
            extra[header] = value
        response = self._client.get(
            path_info, secure=self.address.is_secure, headers={"Accept-Encoding": "gzip"}, **extra
        )
        cookies = [("set-cookie", each.OutputString()) for each in response.cookies.values()]
        return Answer.of(
            urljoin(self.address.origin, path),
            response.status_code,
            [*response.headers.items(), *cookies],
            response.getvalue(),
        )

    def cookie(self, name: str) -> str | None:
        found = self._client.cookies.get(name)
        return found.value if found else None
