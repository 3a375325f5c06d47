"""The latest call to a service on behalf of this request.

Backends record their calls here, and ``internal.events`` writes the latest into the log.
"""

import re
import time
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """How long the service took, and the id that it gave the request, if it gave one."""

    milliseconds: int
    request_id: str | None


_latest: ContextVar[UpstreamCall | None] = ContextVar("upstream_call", default=None)


def forget() -> None:
    """Forget the calls of an earlier request in this thread."""
    _latest.set(None)


def record(started: float, request_id: str | None) -> None:
    """Record a call to a service that ends now, and ``started`` then, by ``time.monotonic()``."""
    # What a service sends would end up in our log, so only what looks like an id is kept.
    known = request_id and re.fullmatch(r"[\w.:=-]{1,100}", request_id, re.ASCII)
    _latest.set(
        UpstreamCall(round((time.monotonic() - started) * 1000), request_id if known else None)
    )


def latest() -> UpstreamCall | None:
    """Return the latest call since ``forget()``, or ``None``."""
    return _latest.get()
