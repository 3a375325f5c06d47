"""A server on loopback that answers as no server should."""

import contextlib
import ipaddress
import json
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Peer:
    """One connection, as a script sees it."""

    def __init__(self, send: Callable[[bytes], Any], stop: threading.Event, request: bytes) -> None:
        self.send = send
        self.stop = stop
        self.request = request

    def drip(self, data: bytes, *, every: float = 0.1) -> None:
        """Send one byte after the other: each in time, all together not."""
        for byte in data:
            self.send(bytes([byte]))
            if self.stop.wait(every):
                return

    def flood(self, data: bytes) -> None:
        """Send without an end, as fast as the other side reads."""
        while not self.stop.is_set():
            self.send(data)

    def hang(self) -> None:
        self.stop.wait(30)


#: What is done with one request. A true value keeps the connection alive.
Script = Callable[[Peer], object]


class Faulty:
    """Answers its first request by the first script, and so on; the last one stays in use."""

    def __init__(self, *scripts: Script, context: ssl.SSLContext | None = None) -> None:
        self.scripts = list(scripts)
        self.context = context
        self.connections = 0
        self.requests: list[bytes] = []
        self.stop = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.faulty = self

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    faulty: Faulty

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that the client breaks off is part of a test, and no news."""
        if not isinstance(sys.exception(), ssl.SSLError):
            super().handle_error(request, client_address)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 10  # seconds; of an idle connection

    def setup(self) -> None:
        if self.server.faulty.context:
            self.request = self.server.faulty.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        faulty = self.server.faulty
        faulty.connections += 1
        with contextlib.suppress(OSError):  # the other side has heard enough
            for request in self._requests():
                faulty.requests.append(request)
                script = faulty.scripts.pop(0) if len(faulty.scripts) > 1 else faulty.scripts[0]
                if not script(Peer(self.request.sendall, faulty.stop, request)):
                    return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _requests(self) -> Iterator[bytes]:
        while head := b"".join(self._lines()):
            lengths = [
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length:")
            ]
            yield head + b"\r\n" + self.rfile.read(sum(lengths))

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines of a head. At the end of a connection there is none, again and again."""
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            yield line


def http(body: object, status: str = "201 Created", *, headers: str = "") -> bytes:
    """A whole answer, well-formed, as bytes to do mischief with."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    return head.encode() + data


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """TLS for this machine by a certificate that vouches for itself; its file is the CA's too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    public = folder / "certificate.pem"
    public.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
