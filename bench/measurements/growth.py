"""The same with a thousand accounts and with a million."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import Any

from ..contestants import BARE, DEMO, DUMMY
from ..processes import Room, Worker
from . import FEW, Amount, Row, brief, joined

SITES = (DEMO, BARE, DUMMY)
WALLETS = (1, 100)


def measure(room: Room, amount: Amount) -> dict[str, Any]:
    databases = {accounts: room.database(DEMO) for accounts in (FEW, amount.accounts)}
    made = {}
    for accounts, database in databases.items():
        # All of these sites have tables of the demo, and use them in turns.
        worker = room.worker(DEMO, database)
        made[accounts] = worker("fill", accounts=accounts)
        worker.end()
    workers = [
        (room.worker(site, database), accounts)
        for site, (accounts, database) in product(SITES, databases.items())
    ]
    # A million rows are one database in the server, where its time is not that of the site.
    kind = "cpu" if room.postgres is None else "wall"
    rows = list(_sign_ins(workers, amount, kind)) + list(_connections(workers, amount, kind))
    for worker, _ in workers:
        worker.end()
    return {
        "rows": rows,
        "made": {key: brief(value) for key, value in made[amount.accounts].items()},
    }


def _sign_ins(workers: Sequence[tuple[Worker, int]], amount: Amount, kind: str) -> list[Row]:
    times = defaultdict(list)
    for turn in range(amount.turns // 2 + 1):
        for (worker, accounts), new in product(workers, (True, False)):
            took = worker("sign_in", count=amount.grown, new=new)
            if turn:  # the first warms up
                times[worker.contestant.name, accounts, new].append(took)
    return [
        {
            "site": worker.contestant.name,
            "accounts": accounts,
            "what": "sign-up" if new else "sign-in",
            "ms": joined(times[worker.contestant.name, accounts, new], kind),
            **worker("statements", new=new),
        }
        for (worker, accounts), new in product(workers, (True, False))
    ]


def _connections(workers: Sequence[tuple[Worker, int]], amount: Amount, kind: str) -> list[Row]:
    rows = []
    for (worker, accounts), wallets in product(workers, WALLETS):
        if worker.contestant.visit == "wallet":
            took = worker("connections", count=4 * amount.grown, wallets=wallets)
            rows.append(
                {
                    "site": worker.contestant.name,
                    "accounts": accounts,
                    "what": f"connections, {wallets} wallet{'s' * (wallets > 1)}",
                    "ms": joined([took], kind),
                    "statements": took["statements"],
                    "transactions": took["transactions"],
                }
            )
    return rows
