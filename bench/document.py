"""The tables in docs/explanation/performance.md are those of bench/results.json."""

import json
import re
from typing import Any

from .contestants import ROOT
from .tables import TABLES

DOCUMENT = ROOT / "docs" / "explanation" / "performance.md"
RESULTS = ROOT / "bench" / "results.json"
BLOCK = re.compile(r"(<!-- bench: ([\w-]+) -->\n).*?(<!-- end of bench -->)", re.DOTALL)


def results() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULTS.read_text())
    return read


def rendered(text: str, of: dict[str, Any]) -> str:
    """The document with its tables made anew."""
    return BLOCK.sub(lambda m: f"{m[1]}\n{TABLES[m[2]](of).markdown()}\n{m[3]}", text)


def write() -> None:
    DOCUMENT.write_text(rendered(DOCUMENT.read_text(), results()))
