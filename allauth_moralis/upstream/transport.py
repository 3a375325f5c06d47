"""One deadline for a whole response, over the pooled connections of ``requests``.

The time-outs of ``requests`` start again with every byte, so a service that drips one byte a second
could hold a worker for hours. Here each read of the socket gets only what is left of the response's
time: for headers and body alike, and over TLS as well.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.poolmanager import PoolManager, ProxyManager

#: Bytes of one response, including its headers. The longest is a contract's code.
BUDGET = 768 * 1024


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a deadline and not a second longer, and no more than a budget."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self._left = BUDGET

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response took too long")
        if self._left <= 0:
            raise TimeoutError("the response is too long")  # a time-out, so that it is not retried
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    """A response for the whole of which the connection's read time-out counts."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        timeout = sock.gettimeout()
        if timeout is not None:
            raw = self.fp.detach()  # the BufferedReader that makefile() made
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, time.monotonic() + timeout))


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter that turns a request's read time-out into a limit on the whole response."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_deadlines(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        if isinstance(manager, ProxyManager):  # not SOCKS, which has connections of its own
            _use_deadlines(manager)
        return manager


def _use_deadlines(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
