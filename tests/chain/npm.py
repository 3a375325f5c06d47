"""What comes from npm: the compiler of the contracts, and anvil."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
MODULES = HERE / "node_modules"
INSTALLED = MODULES / ".installed"
TIME_OUT = 300  # seconds


def missing() -> str | None:
    """Why nothing from npm can be had here."""
    absent = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"no {' and no '.join(absent)} here" if absent else None


def tool(name: str) -> Path:
    """Return a program of what the lock file names, which the first call installs."""
    # One process at a time: each begins by deleting what is there.
    with LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not INSTALLED.exists() or INSTALLED.read_text() != LOCK.read_text():
            # No package's own script is run: both programs work without.
            command = ["npm", "ci", "--ignore-scripts", "--loglevel=error"]
            subprocess.run(command, cwd=HERE, check=True, timeout=TIME_OUT)
            shutil.copyfile(LOCK, INSTALLED)
    return MODULES / ".bin" / name


def require(name: str) -> Path:
    """Return a program as ``tool`` does, or skip the test with the reason why there is none."""
    if reason := missing():
        pytest.skip(reason)
    try:
        return tool(name)
    except subprocess.SubprocessError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"npm cannot install what the lock file names: {error}")
