"""The rows of the client from npm, which runs under Node."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from allauth_moralis.emulator import Emulator

from .report import FAILED, Row
from .scenarios import KEY

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".installed"
TIME_OUT = 300  # seconds


def missing() -> str | None:
    """Why there can be no npm half here."""
    absent = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"no {' and no '.join(absent)} here" if absent else None


def install() -> None:
    """What the lock file names, once."""
    if INSTALLED.exists() and INSTALLED.read_text() == LOCK.read_text():
        return
    subprocess.run(["npm", "ci", "--loglevel=error"], cwd=HERE, check=True, timeout=TIME_OUT)
    shutil.copyfile(LOCK, INSTALLED)


def run(emulator: Emulator, *, chain_id: int | str) -> Iterator[Row]:
    client = f"npm moralis, chainId a {'number' if isinstance(chain_id, int) else 'text'}"
    environment = {
        **os.environ,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "CONFORMANCE_URL": emulator.url,
        "CONFORMANCE_KEY": KEY,
        "CONFORMANCE_CHAIN_ID": json.dumps(chain_id),
    }
    done = subprocess.run(
        ["node", "npm_half.mjs"],
        cwd=HERE,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=TIME_OUT,
    )
    for line in done.stdout.splitlines():
        call, result, note = json.loads(line)
        yield Row(client, call, result, " ".join(note.split()))
    if done.returncode:
        yield Row(client, "the run as a whole", FAILED, f"node ended with {done.returncode}")
