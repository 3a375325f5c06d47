"""Sign-ins over HTTP, with gunicorn: how many a second, and at how much processor time."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from ..browsers import Browser
from ..browsers import Server as Connection
from ..contestants import Contestant
from ..processes import Room, Server
from ..visits import VISITS, Visitor
from . import Amount, Row, rounded

WORKERS = (1, 2)
AT_ONCE = (1, 8)


def measure(room: Room, contestants: Iterable[Contestant], amount: Amount) -> list[Row]:
    contestants = list(contestants)
    return [row for workers in WORKERS for row in _serve(room, contestants, workers, amount)]


def _serve(
    room: Room, contestants: Sequence[Contestant], workers: int, amount: Amount
) -> Iterable[Row]:
    taken = defaultdict(list)
    with ExitStack() as stack:
        servers = [stack.enter_context(room.server(site, workers)) for site in contestants]
        for server in servers:  # every worker and thread has had something to do
            sign_in(server, [Visitor() for _ in range(8 * workers)], 8)
        for _ in range(amount.served_turns):
            for at_once in AT_ONCE:
                for server in servers:
                    visitors = [Visitor() for _ in range(amount.served)]
                    for new in (True, False):
                        key = server.contestant.name, at_once, new
                        taken[key].append(sign_in(server, visitors, at_once))
        memory = {server.contestant.name: server.memory() for server in servers}
    for (site, at_once, new), turns in taken.items():
        yield {
            "site": site,
            "workers": workers,
            "at_once": at_once,
            "new": new,
            "per_second": rounded(each for each, _ in turns),
            "cpu_ms": rounded(cpu for _, cpu in turns),
            "memory_mb": round(memory[site]),
        }


def sign_in(server: Server, visitors: Sequence[Visitor], at_once: int) -> tuple[float, float]:
    """Sign-ins a second, and milliseconds of processor time of each."""
    visit = VISITS[server.contestant.visit]

    def one(visitor: Visitor) -> None:
        with closing(Connection(server.port)) as connection:
            visit(Browser(connection), visitor)

    cpu, started = server.cpu(), time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, visitors))
    seconds = time.monotonic() - started
    return len(visitors) / seconds, (server.cpu() - cpu) * 1000 / len(visitors)
