"""Processor time and statements of a whole sign-in, in one process, without a server."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import product

from ..contestants import Contestant
from ..processes import Room
from . import Amount, Row, joined


def measure(room: Room, contestants: Iterable[Contestant], amount: Amount) -> list[Row]:
    workers = [room.worker(contestant) for contestant in contestants]
    times = defaultdict(list)
    for turn in range(amount.turns + 1):
        for worker, new in product(workers, (True, False)):
            took = worker("sign_in", count=amount.sign_ins, new=new)
            if turn:  # the first warms up
                times[worker.contestant.name, new].append(took)
    rows = []
    for worker, new in product(workers, (True, False)):
        name = worker.contestant.name
        counted = worker("statements", new=new)
        cpu = joined(times[name, new], "cpu")
        rows.append({"site": name, "new": new, "cpu_ms": cpu, **counted})
    for worker in workers:
        worker.end()
    return rows
