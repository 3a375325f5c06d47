"""The service over HTTP/1.1 with keep-alive connections, built on the standard library."""

import json
import re
import socket
import sys
import threading
from collections import deque
from contextlib import AbstractContextManager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from .control import CONTROL, control
from .faults import CONNECTIONS, REPLIES, Faults, Reply
from .service import AuthService, refusal

DRIP = 0.05  # seconds per byte

MAX_BODY = 1024 * 1024  # bytes


class Emulator:
    """An ``AuthService`` at a URL of its own; ``port=0`` takes a free port."""

    def __init__(
        self,
        service: AuthService | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        control: bool = False,
    ) -> None:
        self.service = service or AuthService()
        self.faults = Faults()
        self.control = control
        self.stopped = threading.Event()
        #: The number of connections so far and the latest requests, for tests of a client.
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

    def fault(self, name: str, *, path: str = "/") -> AbstractContextManager[None]:
        """Return a context manager, in which paths that begin with ``path`` fail in this way.

        ``name`` is one of ``faults.NAMES``.
        """
        return self.faults.during(name, path=path)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self.close()

    def close(self) -> None:
        self.stopped.set()
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections waiting to be accepted; the default is only 5
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors, which are bugs of ours, unless a client just hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that are kept alive, as a service that stops does."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; without this the second waits for the first's receipt.
    disable_nagle_algorithm = True
    timeout = 60  # seconds; of an idle connection
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        emulator = self.server.emulator
        body = self._body()
        if self.path == CONTROL and emulator.control and body is not None:
            self._send(Reply.of(*control(emulator.service, emulator.faults, self.command, body)))
            return
        emulator.requests.append(f"{self.command} {self.path}")
        if body is None:
            status, answer = refusal(400, "Unexpected token in JSON")
        else:
            status, answer = emulator.service.handle(
                self.command, self.path, self.headers.get("X-API-Key"), body
            )
        reply, fault = Reply.of(status, answer), emulator.faults.take(self.path)
        if fault in CONNECTIONS:
            self._misbehave(fault, reply)
        else:
            self._send(REPLIES[fault](reply) if fault else reply)

    def _misbehave(self, fault: str, reply: Reply) -> None:
        """Keep the client waiting until the emulator stops, or close the connection."""
        self.close_connection = True
        stopped = self.server.emulator.stopped
        if fault == "hang":
            stopped.wait()
        if fault in ("hang", "closed_connection"):
            return
        head = f"HTTP/1.1 {reply.status} OK\r\nContent-Length: {len(reply.body)}\r\n\r\n".encode()
        if fault == "slow_drip":
            self.wfile.write(head)
            head = b""
        for byte in head + reply.body:
            if stopped.wait(DRIP):
                return
            self.wfile.write(bytes([byte]))

    def _body(self) -> dict[str, Any] | None:
        """Return the request's JSON object, or ``None`` if the body is something else."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:  # without a length, what follows is not read
            length = ""
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MAX_BODY:
            self.close_connection = True
            return None
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    def _send(self, reply: Reply) -> None:
        if reply.length is not None:
            self.close_connection = True
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(reply.length or len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's naming
        """Log nothing: the management command says where it listens, and tests want quiet."""
