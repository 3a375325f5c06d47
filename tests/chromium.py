"""Which Chromium the browser tests drive; ``python -m tests.chromium`` gets one where none is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "no Chromium was found; install one, or run `python -m playwright install chromium`"


def find() -> str | None:
    """The path of a Chromium: one that is installed, else Playwright's own."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def launch_options() -> dict:
    # Chromium's sandbox needs an ordinary user.
    is_root = getattr(os, "geteuid", lambda: 1)() == 0
    restricted = is_root or bool(os.environ.get("CI"))
    return {
        "executable_path": find(),
        "args": [*QUIET, "--no-sandbox"] if restricted else [],
    }


def main() -> None:
    if find():
        return
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands += [["apt-get", "update"], ["apt-get", "install", "--yes", "chromium"]]
    for command in commands:
        print("No Chromium was found. Running:", *command)
        subprocess.run(command, check=False)
        if find():
            return
    print(f"The browser tests will be skipped: {MISSING}.")


if __name__ == "__main__":
    main()
