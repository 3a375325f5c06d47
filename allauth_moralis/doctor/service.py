"""The Moralis Auth API: whether it can be reached, and what time it is there."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .. import conf
from ..backends.moralis.payloads import MAX_SKEW
from ..upstream.client import Client
from .findings import Result, difference, failed, passed, warning

#: Seconds by which clocks may differ before somebody should know. ``Date`` has whole seconds.
NOTABLE_SKEW = 5

SET_THE_CLOCK = "Have this machine's clock set by NTP."


def reach() -> Result:
    """Ask the service for anything, without the key, and read its clock."""
    current = conf.current()
    with Client().request("GET", current.base_url, timeout=current.timeout) as response:
        skew = skew_of(response.date or "")
    if skew is None:
        return passed("it answers, and does not tell its time")
    seen = f"it answers; its clock is {difference(skew)}"
    if abs(skew) > MAX_SKEW.total_seconds():
        return failed(f"{seen}, and its texts are refused", SET_THE_CLOCK)
    if abs(skew) > NOTABLE_SKEW:
        return warning(seen, SET_THE_CLOCK)
    return passed(seen)


def skew_of(date: str) -> float | None:
    """Return by how many seconds a ``Date`` header is ahead of our clock, if it is one."""
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return None
    now = datetime.now(UTC)
    return (there.replace(tzinfo=there.tzinfo or UTC) - now).total_seconds()
