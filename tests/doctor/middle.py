"""What may stand between a visitor and the site: it passes on, and changes what a test says."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

#: Changes an answer in place.
Change = Callable[["Reply"], object]
HOP_BY_HOP = ("content-length", "connection", "transfer-encoding")


@dataclass
class Reply:
    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)


class Middle(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, site: str, change: Change, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site, self.change, self.headers = site, change, headers
        #: Paths that were asked for.
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Middle

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        upstream = HTTPConnection(urlsplit(self.server.site).netloc)
        length = int(self.headers.get("Content-Length", 0))
        headers = {**self.headers, **self.server.headers, "Connection": "close"}
        kept = {name: value for name, value in headers.items() if value}
        upstream.request(self.command, self.path, self.rfile.read(length), kept)
        response = upstream.getresponse()
        reply = Reply(self.path, response.status, {}, response.read())
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                reply.cookies.append(value)
            elif name.lower() not in HOP_BY_HOP:
                reply.headers[name] = value
        upstream.close()
        self.server.change(reply)
        self._send(reply)

    do_POST = do_GET  # noqa: N815 - as the standard library calls it

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        for cookie in reply.cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def between(
    site: str,
    change: Change = lambda _: None,
    *,
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, Middle]]:
    """The address of a proxy before ``site``. A header without a value is taken away."""
    server = Middle(site, change, headers or {})
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
