"""The service over HTTP/1.1 with kept-alive connections, on the standard library."""

import json
import socket
import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from .answers import refusal
from .service import AuthService

MAX_BODY = 1024 * 1024  # bytes


class Emulator:
    """An ``AuthService`` on an address of its own; ``port=0`` takes a free one."""

    def __init__(
        self, service: AuthService | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.service = service or AuthService()
        #: How many connections were made, and the latest requests, for whoever watches a client.
        self.connections = 0
        self.requests: deque[str] = deque(maxlen=1000)
        self._server = _Server((host, port), _Handler)
        self._server.emulator = self

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def serve_forever(self) -> None:
        self._server.serve_forever(poll_interval=0.1)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self.close()

    def close(self) -> None:
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    emulator: Emulator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.emulator.connections += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are kept alive, as a service that is gone does."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in two writes; without this the second waits for the first's receipt.
    disable_nagle_algorithm = True
    timeout = 60  # seconds; of an idle connection
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        emulator = self.server.emulator
        emulator.requests.append(f"{self.command} {self.path}")
        body = self._body()
        if body is None:
            status, answer = refusal(400, "Unexpected token in JSON")
        else:
            status, answer = emulator.service.handle(
                self.command, self.path, self.headers.get("X-API-Key"), body
            )
        self._send(status, json.dumps(answer).encode())

    def _body(self) -> dict[str, Any] | None:
        """The request's JSON object; ``None`` for a body that is something else."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            return None
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's naming
        """Nothing: the management command says where it listens, and tests want quiet."""
