"""The findings for people, as a table, and for programs, as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from .findings import Finding, Status

WIDTH = 100
#: Columns of a line: the status, the probe, the time.
STATUS, PROBE, TIME = 9, 18, 8


def lines(finding: Finding) -> list[str]:
    """Return the lines of one finding; what to do stands below what was seen."""
    head = f"{_word(finding.status):<{STATUS}}{finding.probe:<{PROBE}}"
    head += f"{finding.milliseconds} ms".rjust(TIME) + "  "
    rest = " " * len(head)
    found = textwrap.wrap(
        finding.seen, WIDTH, initial_indent=head, subsequent_indent=rest, break_long_words=False
    )
    return found + textwrap.wrap(
        finding.advice,
        WIDTH,
        initial_indent=f"{rest}-> ",
        subsequent_indent=f"{rest}   ",
        break_long_words=False,
    )


def _word(status: Status) -> str:
    """Return the status as a word that is found without colours, too."""
    return status.upper() if status in (Status.FAILED, Status.WARNING) else status


def summary(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.status for finding in findings)
    return ", ".join(f"{counts[status]} {status}" for status in Status if counts[status]) + "."


def document(findings: list[Finding], *, ok: bool) -> str:
    """Return all findings as one JSON document."""
    return json.dumps({"ok": ok, "findings": [asdict(each) for each in findings]}, indent=2)
