"""``make load``: a crowd signs in at the demo as it is deployed, and this says how fast.

gunicorn as ``deploy/gunicorn.conf.py`` sets it up, PostgreSQL, Redis, and where ``LOAD_SERVICE=1``
the emulator in place of the Moralis Auth API, all on this machine, as is the crowd.

``LOAD_SECONDS``: for how long (60). ``LOAD_SIGN_INS``: or until so many have signed in, within an
hour unless told otherwise.
``LOAD_VISITORS``: how many visit at a time (8). ``WEB_CONCURRENCY``: how many workers (4).
``LOAD_JSON``: where the numbers go (load.json).
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import ContractWallet, EvmWallet

from ..processes import Site, environment, manage, served, until
from ..services import stores
from . import report
from .visits import Crowd, Run

CONTRACTS = 20
MINUTE, HOUR = 60, 3600  # seconds


def contract_wallets(stack: ExitStack) -> tuple[str, Sequence[ContractWallet]]:
    """Return the URL of a node and wallets on its chain; nothing where there is no EVM."""
    if find_spec("pyrevm") is None:
        print("No contract wallets: pyrevm has wheels for Python 3.11 and 3.12 alone.")
        return "", ()
    from ..chain.evm import Chain  # noqa: PLC0415 - only where it can be imported

    chain = Chain()
    owners = [EvmWallet() for _ in range(CONTRACTS)]
    wallets = [ContractWallet(chain.deploy("Owner", owner.address), owner) for owner in owners]
    return stack.enter_context(chain.serve()).url, wallets


def resident(pids: set[int]) -> int:
    """Kilobytes of memory of these processes."""
    listed = ",".join(map(str, sorted(pids)))
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", listed],  # noqa: S607 - as on any Unix
        capture_output=True,
        text=True,
        check=True,
    )
    return sum(map(int, told.stdout.split()))


def deployed(stack: ExitStack) -> tuple[Site, Crowd]:
    database, cache = stack.enter_context(stores())
    folder = Path(stack.enter_context(TemporaryDirectory()))
    node, contracts = contract_wallets(stack)
    told = {
        "DATABASE_POOL_SIZE": "8",  # the default
        "MORALIS_RPC": f"1={node}" if node else "",
        "NO_PROXY": "*",
    }
    if os.environ.get("LOAD_SERVICE") == "1":
        told.update(MORALIS_API_KEY="any", MORALIS_BASE_URL=stack.enter_context(Emulator()).url)
    workers = int(os.environ.get("WEB_CONCURRENCY") or 4)
    env = environment(database, cache, workers=workers, **told)
    manage(env, "migrate", "--verbosity", "0")
    site = stack.enter_context(served(env, folder))
    until(lambda: len(site.workers()) == workers)
    crowd = Crowd(site, contracts)
    for _ in range(workers * 4):  # so that there is somebody who can return
        crowd.new()
    return site, crowd


def main() -> int:
    os.environ["NO_PROXY"] = "*"
    sign_ins = int(os.environ.get("LOAD_SIGN_INS") or 0) or None
    seconds = float(os.environ.get("LOAD_SECONDS") or (HOUR if sign_ins else MINUTE))
    at_once = int(os.environ.get("LOAD_VISITORS") or 8)
    with ExitStack() as stack:
        try:
            site, crowd = deployed(stack)
        except pytest.skip.Exception as missing:
            print(f"Nothing was measured: this {missing}", file=sys.stderr)
            return 1
        workers = site.workers()
        samples: list[tuple[int, int]] = []
        run = Run(crowd, at_once=at_once, seconds=seconds, sign_ins=sign_ins)
        run(lambda signed_in: samples.append((signed_in, resident(workers))))
        data = {
            "workers": len(workers),
            "visitors": at_once,
            **report.summary(run.visits, run.seconds),
            "memory": report.memory(samples),
        }
        if site.workers() != workers:
            data["errors"]["a worker has died"] = 1
    Path(os.environ.get("LOAD_JSON") or "load.json").write_text(json.dumps(data, indent=2) + "\n")
    print(report.table(data))
    return 1 if data["errors"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
