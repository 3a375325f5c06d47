"""Instructions of a sign-in, counted by valgrind.

Unlike times, they are the same whatever else the machine does. What the kernel does is not counted.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from os import cpu_count
from pathlib import Path
from tempfile import TemporaryDirectory

from ..contestants import ROOT, Contestant
from ..processes import Room, environment
from . import Row, brief

FEW, MANY = 2, 12  # sign-ins
TOTAL = re.compile(r"I +refs: +([\d,]+)")


def why_not() -> str | None:
    """Say why nothing can be counted here, if so."""
    return None if shutil.which("valgrind") else "instructions, for want of valgrind"


def measure(room: Room, contestants: Iterable[Contestant]) -> list[Row]:
    cases = list(product(contestants, (True, False)))
    # The room makes its databases one after the other, so not in the threads.
    databases = [(room.database(contestant), room.database(contestant)) for contestant, _ in cases]
    with ThreadPoolExecutor(cpu_count()) as threads:
        return list(threads.map(counted, *zip(*cases, strict=True), databases))


def counted(contestant: Contestant, new: bool, databases: tuple[str, str]) -> Row:
    """The row of a site, and of people who are new there or return. Each run has a database."""
    few, many = (
        _total(contestant, database, count, new=new)
        for database, count in zip(databases, (FEW, MANY), strict=True)
    )
    millions = brief((many - few) / (MANY - FEW) / 1e6)
    return {"site": contestant.name, "new": new, "millions": millions}


def _total(contestant: Contestant, database: str, count: int, *, new: bool) -> int:
    """The instructions of a process in which so many people sign in."""
    orders = [
        {"do": "sign_in", "count": MANY, "new": True},  # warms up, and makes those who return
        {"do": "sign_in", "count": count, "new": new},
    ]
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        ended = subprocess.run(
            [
                *("valgrind", "--tool=cachegrind", "--cache-sim=no", f"--log-file={log}"),
                *("--cachegrind-out-file=/dev/null", contestant.python, "-m", "bench.site"),
                contestant.visit,
            ],
            input="\n".join(map(json.dumps, orders)),
            cwd=ROOT,
            # Sets of strings otherwise have another order in each process.
            env={**environment(contestant, database), "PYTHONHASHSEED": "0"},
            text=True,
            capture_output=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{contestant.name} ended:\n{ended.stderr[-3000:]}")
        found = TOTAL.search(log.read_text())
    assert found, "valgrind counted nothing"
    return int(found[1].replace(",", ""))
