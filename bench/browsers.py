"""A browser reduced to cookies, over a socket or straight into an application."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from io import BytesIO
from random import Random
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
RANDOM = Random()  # noqa: S311 - addresses of visitors, and no secrets


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.body)
        return answer

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


#: Method, path, headers and body to an answer.
Transport = Callable[[str, str, dict[str, str], bytes], Answer]


@dataclass
class Application:
    """A WSGI application in this process. It keeps the time that is spent in it."""

    wsgi: Callable[..., Any]
    cpu: float = 0.0  # seconds
    wall: float = 0.0  # seconds

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        environ = _environ(method, path, headers, body)
        return self.measure(lambda: self._answer(environ))

    def measure(self, call: Callable[[], T]) -> T:
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        return result

    def _answer(self, environ: dict[str, Any]) -> Answer:
        start: list[Any] = []
        response = self.wsgi(environ, lambda status, headers: start.extend((status, headers)))
        body = b"".join(response)
        response.close()
        return Answer(int(start[0][:3]), start[1], body)


def _environ(method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    path, _, query = path.partition("?")
    described = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": HOST,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in {"Host": HOST, **headers}.items():
        key = name.upper().replace("-", "_")
        described[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return described


class Server:
    """A server on this machine, over one connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=60)

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self._connection.request(method, path, body or None, headers)
        response = self._connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def close(self) -> None:
        self._connection.close()


@dataclass
class Browser:
    transport: Transport
    cookies: dict[str, str] = field(default_factory=dict)
    #: Every browser is somebody else's: limits by address are at work, and stop nobody.
    address: str = field(
        default_factory=lambda: (
            f"10.{RANDOM.randrange(256)}.{RANDOM.randrange(256)}.{RANDOM.randrange(1, 255)}"
        )
    )

    def get(self, path: str, *, status: int = 200, encoding: str = "identity") -> Answer:
        return self._send("GET", path, {"Accept-Encoding": encoding}, b"", status)

    def post_json(self, path: str, data: object) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        return self._send("POST", path, headers, json.dumps(data).encode(), 200).json()

    def post_form(self, path: str, fields: dict[str, object]) -> Answer:
        """Post a form, to which the answer is a redirect."""
        return self._send("POST", path, {"Content-Type": FORM}, urlencode(fields).encode(), 302)

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes, expected: int
    ) -> Answer:
        sent = {"X-Forwarded-For": self.address, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            sent["X-CSRFToken"] = self.cookies["csrftoken"]
        answer = self.transport(method, path, sent, body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key.strip()] = rest.partition(";")[0]
        if answer.status != expected:
            text = answer.body[:500].decode(errors="replace")
            raise AssertionError(f"{method} {path} was answered {answer.status}: {text}")
        return answer
