"""What a sign-in costs, beside others, as ratios measured in one run: ``make bench``."""

import argparse
import json
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

from . import contestants, document, machine
from .contestants import ROOT, SIWE_IMPORTS, SIWE_PYTHON
from .measurements import (
    FULL,
    QUICK,
    Amount,
    growth,
    instructions,
    logins,
    pages,
    service,
    serving,
    signatures,
    starting,
)
from .processes import Room
from .tables import TABLES

LIMIT = 30 * 60  # seconds
QUICK_RESULTS = ROOT / "bench" / "results-quick.json"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, to try it; not to cite")
    parser.add_argument("--accounts", type=int, help=f"how many are many ({FULL.accounts})")
    parser.add_argument(
        "--postgres",
        metavar="URL",
        help="measure there too; databases called bench_… are made beside it, and dropped",
    )
    parser.add_argument(
        "--document", action="store_true", help="only write the tables of the latest run into it"
    )
    return parser.parse_args()


def main() -> None:
    options = parsed()
    if options.document:
        document.write()
        return
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(LIMIT)
    amount = QUICK if options.quick else FULL
    if options.accounts:
        amount = replace(amount, accounts=options.accounts)
    results = measured(amount, options.postgres)
    for name, table in TABLES.items():
        if options.postgres or not name.endswith("postgresql"):
            print(table(results).text())
    file = QUICK_RESULTS if options.quick else document.RESULTS
    file.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nWritten to {file.relative_to(ROOT)}.")


def _stop(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(
        f"It took more than {LIMIT // 60} minutes." if number == signal.SIGALRM else "Stopped."
    )


def measured(amount: Amount, postgres: str | None) -> dict[str, Any]:
    missing = siwe_is_missing()
    sites = list(contestants.without_a_service(siwe=missing is None))
    why_uncounted = "instructions, in a quick run" if amount.is_quick else instructions.why_not()
    results: dict[str, Any] = {
        "machine": machine.described(),
        "amount": asdict(amount),
        "left_out": [left_out for left_out in (missing, why_uncounted) if left_out],
    }
    with TemporaryDirectory() as folder, Room(Path(folder)) as room:
        for name, measure in {
            "starting": lambda: starting.measure(room, sites, amount),
            "signatures": lambda: signatures.measure(room, amount),
            "pages": lambda: pages.measure(room),
            "logins": lambda: logins.measure(room, sites, amount),
            "service": lambda: service.measure(room, amount),
            "serving": lambda: serving.measure(room, sites, amount),
            "growth": lambda: growth.measure(room, amount),
        }.items():
            progress(name)
            results[name] = measure()
        if why_uncounted is None:
            progress("instructions")
            results["instructions"] = instructions.measure(room, sites)
    if postgres:
        results["postgresql"] = on_postgresql(amount, postgres)
    return results


def on_postgresql(amount: Amount, url: str) -> dict[str, Any]:
    sites = list(contestants.without_a_service(siwe=False))
    with TemporaryDirectory() as folder, Room(Path(folder), url) as room:
        progress("logins on PostgreSQL")
        found = logins.measure(room, sites, amount)
        progress("growth on PostgreSQL")
        return {
            "version": room.version(),
            "logins": found,
            "growth": growth.measure(room, amount),
        }


def siwe_is_missing() -> str | None:
    """Say why siwe-django cannot be measured, if it cannot."""
    if not SIWE_PYTHON.exists():
        return "siwe-django, which is not installed"
    tried = subprocess.run(
        [SIWE_PYTHON, "-c", SIWE_IMPORTS], capture_output=True, text=True, check=False
    )
    if not tried.returncode:
        return None
    return f"siwe-django, which cannot be imported: {tried.stderr.strip().splitlines()[-1]}"


def progress(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
