"""The latest call of a service on behalf of this request, for the line in the log.

A backend that asks a service tells it here; whoever writes the line reads it.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """How long the service took, and its own name for the request where it gave one."""

    milliseconds: int
    request_id: str | None


_latest: ContextVar[UpstreamCall | None] = ContextVar("upstream_call", default=None)


def forget() -> None:
    """Forget the calls of an earlier request in this thread."""
    _latest.set(None)


def record(seconds: float, request_id: str | None) -> None:
    """Remember a call of a service."""
    # What a service sends ends up in our log: only what looks like a name for a request does.
    known = request_id and re.fullmatch(r"[\w.:=-]{1,100}", request_id, re.ASCII)
    _latest.set(UpstreamCall(round(seconds * 1000), request_id if known else None))


def latest() -> UpstreamCall | None:
    """Return the latest call since ``forget()``, or ``None``."""
    return _latest.get()
