"""Faults on demand: what a service, or a proxy in front of it, may do instead of its work."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = b"<html><body><h1>Bad gateway</h1></body></html>"
QUOTA = (
    "Validation service blocked: Your plan: free-plan-daily total included usage has been "
    "consumed, please upgrade your plan here, https://moralis.io/pricing"
)
OTHER = "0x" + "1" * 40


@dataclass(slots=True)
class Reply:
    """What goes over the wire. ``length`` is what the header says, ``body`` what is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    length: int | None = None

    @classmethod
    def of(cls, status: int, answer: Any) -> "Reply":
        return cls(status, json.dumps(answer).encode())


def _with(**changes: Any) -> Callable[[Reply], Reply]:
    """Change fields of the response. A field whose change is ``None`` is left out."""

    def change(reply: Reply) -> Reply:
        answer = {**json.loads(reply.body), **changes}
        return Reply.of(reply.status, {k: v for k, v in answer.items() if v is not None})

    return change


def _text(pattern: str, replacement: str) -> Callable[[Reply], Reply]:
    """Change the text for the wallet in the response."""

    def change(reply: Reply) -> Reply:
        answer = json.loads(reply.body)
        if "message" in answer:
            answer["message"] = re.sub(pattern, replacement, answer["message"], count=1)
        return Reply.of(reply.status, answer)

    return change


def _cut(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[:10], length=len(reply.body))


#: Faults that change the reply, by name.
REPLIES: dict[str, Callable[[Reply], Reply]] = {
    "missing_key": lambda _: Reply.of(401, {"message": "Api Key Not Present"}),
    "wrong_key": lambda _: Reply.of(401, {"message": "Unauthorized"}),
    "plan_used_up": lambda _: Reply.of(401, {"message": QUOTA}),
    "forbidden": lambda _: Reply.of(403, {"message": "Forbidden"}),
    "bad_request_list": lambda _: Reply.of(
        400,
        {
            "statusCode": 400,
            "name": "BadRequestException",
            "message": ["address must be an Ethereum address", "uri must be a URL address"],
        },
    ),
    "not_found": lambda _: Reply.of(404, {"message": "Cannot POST"}),
    "rate_limited": lambda _: Reply.of(429, {"message": "Rate Limit exceeded"}),
    "rate_limited_retry_after": lambda _: Reply(
        429, b'{"message": "Rate Limit exceeded"}', {"Retry-After": "7"}
    ),
    "server_error": lambda _: Reply.of(500, {"message": "Internal Server Error"}),
    "bad_gateway_html": lambda _: Reply(502, HTML, {"Content-Type": "text/html"}),
    "html_ok": lambda _: Reply(200, HTML, {"Content-Type": "text/html"}),
    "truncated_json": lambda reply: Reply(reply.status, reply.body[:-5]),
    "cut_off": _cut,
    "empty_body": lambda reply: Reply(reply.status, b""),
    "huge_body": lambda reply: Reply(reply.status, b" " * 8_000_000 + reply.body),
    "deep_json": lambda reply: Reply(reply.status, b"[" * 50_000),
    "json_list": lambda reply: Reply(reply.status, b"[" + reply.body + b"]"),
    "redirect": lambda _: Reply(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
    "missing_keys": lambda reply: Reply.of(reply.status, {}),
    "wrong_id": _with(id="another"),
    "wrong_address": _with(address=OTHER),
    "wrong_nonce": _with(nonce="anotherNonce12345"),
    "wrong_domain": _with(domain="evil.example"),
    "wrong_uri": _with(uri="https://evil.example/"),
    "wrong_chain": _with(chainId=424242),
    "wrong_profile": _with(profileId="0x"),
    "wrong_text_domain": _text(r"^\S+ wants", "evil.example wants"),
    "wrong_text_address": _text(r"account:\n\S+", f"account:\n{OTHER}"),
    "wrong_text_statement": _text(r"\n\nSign in to", "\n\nGive all to"),
    "wrong_text_nonce": _text(r"Nonce: \S+", "Nonce: short"),
    "old_issue_time": _text(r"Issued At: \d+", "Issued At: 2001"),
}
#: Faults of the connection itself, by name; the server carries them out.
CONNECTIONS = ("hang", "slow_headers", "slow_drip", "closed_connection")
NAMES = (*REPLIES, *CONNECTIONS)


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    path: str
    times: int | None  # None: forever


@dataclass(slots=True)
class Faults:
    """The faults that are waiting. The first one that matches a request's path happens."""

    _waiting: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, *, path: str = "/", times: int | None = None) -> None:
        """Make paths that begin with ``path`` fail, forever or so many ``times``."""
        if name not in NAMES:
            raise ValueError(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
        with self._lock:
            self._waiting.append(Fault(name, path, times))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, path: str) -> str | None:
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if path.startswith(fault.path):
                    if fault.times is not None and fault.times <= 1:
                        del self._waiting[index]
                    elif fault.times is not None:
                        self._waiting[index] = Fault(fault.name, fault.path, fault.times - 1)
                    return fault.name
        return None

    @property
    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{"fault": f.name, "path": f.path, "times": f.times} for f in self._waiting]

    @contextmanager
    def during(self, name: str, *, path: str = "/") -> Iterator[None]:
        self.add(name, path=path)
        try:
            yield
        finally:
            with self._lock, suppress(ValueError):  # a reset has removed it already
                self._waiting.remove(Fault(name, path, None))
