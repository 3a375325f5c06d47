"""WebKit, the engine of Safari and of every browser on iOS, in the build of WebKitGTK.

Playwright's own build cannot be had everywhere; Debian and Ubuntu have this one as
``webkit2gtk-driver``. It needs a screen, for which ``xvfb`` stands in.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from .processes import free_port

NEEDED = ("WebKitWebDriver", "Xvfb")
MISSING = "no WebKit was found; on Debian and Ubuntu, install webkit2gtk-driver and xvfb"
#: What the W3C's WebDriver calls the id of an element.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TIMEOUT = 30  # seconds, of one command


def mini_browser() -> Path | None:
    """WebKitGTK's own browser, which is beside its library."""
    return next(iter(sorted(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"))), None)


def found() -> bool:
    return all(map(shutil.which, NEEDED)) and mini_browser() is not None


class Refused(Exception):
    """The driver could not do something."""


class Driver:
    """As much of the W3C's WebDriver as the tests need."""

    def __init__(self, url: str) -> None:
        self.url = url
        browser = {"binary": str(mini_browser()), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": browser}}
        session = self.command("POST", "/session", capabilities=wanted)
        self.url += f"/session/{session['sessionId']}"

    def command(self, method: str, path: str, **data: Any) -> Any:
        response = requests.request(method, self.url + path, json=data, timeout=TIMEOUT)
        value = response.json()["value"]
        if not response.ok:
            raise Refused(value)
        return value

    def open(self, url: str) -> None:
        self.command("POST", "/url", url=url)

    def execute_script(self, script: str, *args: Any) -> Any:
        return self.command("POST", "/execute/sync", script=script, args=args)

    def find(self, xpath: str) -> str:
        """Wait for an element, on whichever page comes meanwhile."""
        ends = time.monotonic() + TIMEOUT
        while True:
            try:
                return self.command("POST", "/element", using="xpath", value=xpath)[ELEMENT]
            except Refused:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def click(self, xpath: str) -> None:
        self.command("POST", f"/element/{self.find(xpath)}/click")

    def close(self) -> None:
        self.command("DELETE", "")


@contextmanager
def running() -> Iterator[Driver]:
    """A WebKit that ends with the block."""
    port = free_port("127.0.0.1")
    with ExitStack() as started:
        screen = start(started, "Xvfb", "-displayfd", "1", stdout=subprocess.PIPE)
        assert screen.stdout
        display = screen.stdout.readline().decode().strip()
        environment = {**os.environ, "DISPLAY": f":{display}"}
        start(started, "WebKitWebDriver", f"--port={port}", env=environment)
        wait_until(lambda: answers(port))
        driver = Driver(f"http://127.0.0.1:{port}")
        started.callback(driver.close)
        yield driver


def start(started: ExitStack, *command: str, **options: Any) -> subprocess.Popen:
    process = started.enter_context(subprocess.Popen(command, **options))
    started.callback(process.terminate)
    return process


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/status", timeout=TIMEOUT).ok
    except requests.ConnectionError:
        return False


def wait_until(happens: Callable[[], bool]) -> None:
    ends = time.monotonic() + TIMEOUT
    while not happens():
        assert time.monotonic() < ends, "it has not happened"
        time.sleep(0.05)
