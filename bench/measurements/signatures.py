"""The check of an EVM signature, against the curve and the hash with nothing around them."""

from ..contestants import BARE
from ..processes import Room
from . import Amount, joined


def measure(room: Room, amount: Amount) -> dict[str, float]:
    worker = room.worker(BARE)
    times: dict[bool, list[dict[str, list[float]]]] = {False: [], True: []}
    for _ in range(amount.turns):
        for raw, taken in times.items():
            taken.append(worker("check_signatures", count=2, raw=raw))
    worker.end()
    # Milliseconds of a thousand are microseconds of one.
    return {"ours_us": joined(times[False], "cpu"), "raw_us": joined(times[True], "cpu")}
