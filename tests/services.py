"""PostgreSQL and Redis for tests, and lines to them, and to others, that can be cut."""

import os
import secrets
import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from .processes import free_port

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/test")
# Workers of one run are given databases of their own, of which Redis has sixteen.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS = os.environ.get("TEST_REDIS_URL", f"redis://127.0.0.1:6379/{15 - WORKER % 15}")


@contextmanager
def stores() -> Iterator[tuple[str, str]]:
    """The URLs of a database of our own, which is empty, and of Redis. Skip where they are not."""
    name = f"allauth_moralis_{secrets.token_hex(4)}"
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=2)
    except (redis.RedisError, psycopg.OperationalError) as error:
        reason = (
            "needs PostgreSQL and Redis: start them, or name them in TEST_POSTGRES_URL and "
            f"TEST_REDIS_URL ({type(error).__name__})"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl(), REDIS
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Line:
    """The way to a service, which can be cut and mended: as if that was stopped and started.

    While it is cut nobody listens at ``url``, and what was connected is not any more.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._address = ("127.0.0.1", free_port())

    @property
    def url(self) -> str:
        user, at, _ = self._target.netloc.rpartition("@")
        host, port = self._address
        return self._target._replace(netloc=f"{user}{at}{host}:{port}").geturl()

    def lead_to(self, url: str) -> None:
        """Lead to another service from now on, at the same address."""
        self._target = urlsplit(url)

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.cut()

    def mend(self) -> None:
        self._server = _Server(self._address, _Forward)
        self._server.target = (self._target.hostname or "", self._target.port or 0)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def cut(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._server.open):
            with suppress(OSError):  # it has just ended by itself
                connection.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    target: tuple[str, int]

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # as its base class has them
        self.open: set[socket.socket] = set()


class _Forward(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(self.server.target) as other:
            ends = {self.request: other, other: self.request}
            self.server.open.update(ends)
            try:
                while self._pass_on(ends):
                    pass
            finally:
                self.server.open.difference_update(ends)

    def _pass_on(self, ends: dict[socket.socket, socket.socket]) -> bool:
        for end in select.select(list(ends), [], [])[0]:
            data = end.recv(65_536)
            if not data:
                return False
            ends[end].sendall(data)
        return True
