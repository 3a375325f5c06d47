"""Servers in processes of their own, among them the demo as it is deployed."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Commands of Python; the port is filled in.
GUNICORN = ("gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind=127.0.0.1:{port}")
UVICORN = ("uvicorn", "config.asgi:application", "--lifespan=off", "--port={port}")
START = 30  # seconds


@dataclass(frozen=True)
class Site:
    url: str
    env: dict[str, str]
    log: Path
    server: subprocess.Popen[bytes]

    def count(self, model: str) -> int:
        """Rows of a model, as another process sees them."""
        return int(self.shell(f"print({model}.objects.count())"))

    def shell(self, code: str) -> str:
        imports = (
            "from django.contrib.auth import get_user_model\n"
            "from allauth.socialaccount.models import SocialAccount\n"
            "User = get_user_model()\n"
        )
        return manage(self.env, "shell", "--no-imports", "--command", imports + code)

    def lines(self, of: str) -> list[str]:
        """The lines of the server's log with ``of`` in them."""
        return [line for line in self.log.read_text().splitlines() if of in line]

    def workers(self) -> set[int]:
        """The processes that the server has started."""
        found = subprocess.run(
            ["pgrep", "--parent", str(self.server.pid)],  # noqa: S607 - as on any Linux
            capture_output=True,
            text=True,
            check=False,
        )
        return {int(pid) for pid in found.stdout.split()}


def manage(env: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def until(is_so: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


@contextmanager
def started(
    command: Sequence[str | Path], is_there: Callable[[], bool], log: Path, env: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the block, once it is there."""
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START
        while not is_there():
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start: {log.read_text()}")
            time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait(timeout=60)


def environment(database: str, cache: str, *, workers: int, **more: str) -> dict[str, str]:
    """What the demo is told where it is deployed, ``DEBUG`` off."""
    return {
        **os.environ,
        "DATABASE_URL": database,
        "DATABASE_POOL_SIZE": "16",  # and as many threads
        "CACHE_URL": cache,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "MORALIS_RATE_LIMITS": "off",
        "MORALIS_CROSS_DEVICE": "1",
        "WEB_CONCURRENCY": str(workers),
        **more,
    }


@contextmanager
def served(
    env: dict[str, str], folder: Path, *, command: Sequence[str] = GUNICORN
) -> Iterator[Site]:
    """The demo behind gunicorn as ``deploy`` sets it up, or behind another server."""
    port = free_port()
    log = folder / f"log-{port}"
    python = [sys.executable, "-m", *(part.format(port=port) for part in command)]
    with started(python, lambda: answers("127.0.0.1", port), log, env) as server:
        yield Site(f"http://127.0.0.1:{port}", env, log, server)


@contextmanager
def demo(database: str, cache: str, folder: Path, *, workers: int, **more: str) -> Iterator[Site]:
    """The demo with a database that is empty."""
    env = environment(database, cache, workers=workers, **more)
    manage(env, "migrate", "--verbosity", "0")
    with served(env, folder) as site:
        yield site


def free_port(address: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as free:
        free.bind((address, 0))
        port: int = free.getsockname()[1]
        return port


def connect(address: str, port: int | None) -> socket.socket:
    """Connect to a port, or to the unix socket at the path ``address``."""
    if port is not None:
        return socket.create_connection((address, port))
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def answers(address: str, port: int | None) -> bool:
    try:
        connect(address, port).close()
    except OSError:
        return False
    return True
