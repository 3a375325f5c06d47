"""What a node, or what stands before it, does instead of answering."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from ..faulty import Peer, http

#: What is done with one call, whose right answer is given too. A true value keeps the connection.
Fault = Callable[[Peer, dict[str, Any]], object]

HTML = b"<!doctype html><title>Just a moment</title>"


def hang(peer: Peer, _answer: dict[str, Any]) -> None:
    peer.hang()


def hang_up(_peer: Peer, _answer: dict[str, Any]) -> None:
    """Close the connection without a word."""


def cut(peer: Peer, answer: dict[str, Any]) -> None:
    """Close the connection in the middle of the answer."""
    peer.send(http(answer, "200 OK")[:-10])


def drip(peer: Peer, answer: dict[str, Any]) -> None:
    """Send one byte after the other: each in time, all together not."""
    peer.drip(http(answer, "200 OK"))


def flood(peer: Peer, _answer: dict[str, Any]) -> None:
    """Send an answer that does not end."""
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.flood(b" " * 65536)


def gzip_bomb(peer: Peer, _answer: dict[str, Any]) -> object:
    """Send 50 MB that are 50 kB on the way."""
    body = gzip.compress(b'"' + b"0" * 50_000_000 + b'"', mtime=0)
    peer.send(http(body, "200 OK", headers="Content-Encoding: gzip\r\n"))
    return True


def late(seconds: float) -> Fault:
    def send(peer: Peer, answer: dict[str, Any]) -> object:
        peer.stop.wait(seconds)
        peer.send(http(answer, "200 OK"))
        return True

    return send


def raw(body: bytes, status: str = "200 OK", *, headers: str = "") -> Fault:
    """Send a whole answer, well-formed as far as HTTP goes."""

    def send(peer: Peer, _answer: dict[str, Any]) -> object:
        peer.send(http(body, status, headers=headers))
        return True

    return send


def html(status: str = "200 OK") -> Fault:
    return raw(HTML, status, headers="Content-Type: text/html\r\n")


def redirect(url: str, status: str = "307 Temporary Redirect") -> Fault:
    return raw(b"", status, headers=f"Location: {url}\r\n")


def changed(status: str = "200 OK", **fields: Any) -> Fault:
    """Change fields of the right answer, as in ``changed(id=7)``; ``None`` stays JSON's null."""

    def send(peer: Peer, answer: dict[str, Any]) -> object:
        peer.send(http(json.dumps({**answer, **fields}).encode(), status))
        return True

    return send


def result(value: Any) -> Fault:
    return changed(result=value)


def error(code: int, message: str, data: Any = None, *, status: str = "200 OK") -> Fault:
    """Send an error object in place of a result."""
    said = {"code": code, "message": message, **({} if data is None else {"data": data})}

    def send(peer: Peer, answer: dict[str, Any]) -> object:
        peer.send(http({"jsonrpc": "2.0", "id": answer["id"], "error": said}, status))
        return True

    return send
