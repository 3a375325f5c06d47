"""What a probe is and what comes of it: one finding, whatever happens."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .. import backends
from ..exceptions import WalletError
from ..upstream import calls
from . import advice


class Status(StrEnum):
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """How a probe ended, what it has seen, and what to do about it, where there is something."""

    status: Status
    seen: str
    advice: str = ""


def passed(seen: str) -> Result:
    return Result(Status.PASSED, seen)


def warning(seen: str, what_to_do: str) -> Result:
    return Result(Status.WARNING, seen, what_to_do)


def failed(seen: str, what_to_do: str) -> Result:
    return Result(Status.FAILED, seen, what_to_do)


class NotTried(Exception):
    """Raised by a probe that cannot be tried here. Its text says why."""


@dataclass(frozen=True, slots=True)
class Probe:
    name: str
    examine: Callable[[], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one probe, and how long it took."""

    probe: str
    status: Status
    seen: str
    advice: str
    milliseconds: int


def examine(probe: Probe) -> Finding:
    """Return what a probe finds. Any exception in it is a finding as well."""
    # Each starts afresh: no connection is kept, and no circuit is open because of another one.
    backends.reset()
    calls.forget()
    started = time.monotonic()
    result = _result(probe)
    return Finding(
        probe=probe.name,
        status=result.status,
        seen=result.seen,
        advice=result.advice,
        milliseconds=round((time.monotonic() - started) * 1000),
    )


def _result(probe: Probe) -> Result:
    try:
        return probe.examine()
    except NotTried as reason:
        return Result(Status.SKIPPED, str(reason))
    except WalletError as error:
        return failed(described(error), advice.for_error(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other probes are tried too
        # Not its text: that of a driver may hold a host, a user or a password.
        return failed(f"it ended in {type(error).__name__}", advice.UNEXPECTED)


def described(error: WalletError) -> str:
    """Return the code and the detail of a refusal, as the log has them: no text from outside."""
    return f"{error.code}: {error.detail}" if error.detail else error.code


def difference(seconds: float) -> str:
    """Return in words how far another clock is from ours."""
    if abs(seconds) < 1:
        return "less than 1 s from ours"
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours"
