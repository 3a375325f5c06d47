"""Processor time until Django is set up, in processes that are new."""

import subprocess
from collections import defaultdict
from collections.abc import Iterable
from resource import RUSAGE_CHILDREN, getrusage

from ..contestants import ROOT, Contestant
from ..processes import Room, environment
from . import Amount, Row, rounded


def measure(room: Room, contestants: Iterable[Contestant], amount: Amount) -> list[Row]:
    contestants = list(contestants)
    times = defaultdict(list)
    for turn in range(amount.starts + 1):
        for contestant in contestants:
            seconds = start(room, contestant)
            if turn:  # in the first, the files are compiled and read from the disk
                times[contestant.name].append(seconds * 1000)
    return [{"site": name, "cpu_ms": rounded(taken)} for name, taken in times.items()]


def start(room: Room, contestant: Contestant) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [contestant.python, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env=environment(contestant, f"sqlite:///{room.folder}/none"),
        check=True,
    )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
