"""What became of each call: one row of the table."""

from collections.abc import Iterable
from dataclasses import dataclass

PASSED, FAILED = "passed", "FAILED"
#: The client fails at this by its own fault, with any answer like the real one; the row proves it.
CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Row:
    client: str
    call: str
    result: str
    note: str = ""


def table(rows: Iterable[Row]) -> str:
    cells = [("client", "call", "result"), *((row.client, row.call, _result(row)) for row in rows)]
    widths = [max(len(cell[column]) for cell in cells) for column in range(2)]
    cells.insert(1, ("-" * widths[0], "-" * widths[1], "-" * len(PASSED)))
    return "\n".join(
        f"{client:{widths[0]}} | {call:{widths[1]}} | {result}" for client, call, result in cells
    )


def _result(row: Row) -> str:
    return f"{row.result}: {row.note}" if row.note else row.result
