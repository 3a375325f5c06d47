"""The sites of ``tests/sites`` under gunicorn, for tests of what only a real server shows."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .test_processes import ROOT, Site, manage

APPLICATION = "django.core.wsgi:get_wsgi_application()"


@dataclass(frozen=True)
class ServedSite(Site):
    log: Path

    def lines(self, of: str) -> list[str]:
        """The lines of the server's log with ``of`` in them."""
        return [line for line in self.log.read_text().splitlines() if of in line]


@cache
def migrated() -> bytes:
    """The file of an empty database, which all of these sites can use."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "db.sqlite3"
        manage(environment("plain", file), "migrate", "--verbosity", "0")
        return file.read_bytes()


def environment(site: str, database: Path) -> dict[str, str]:
    own = {
        "DJANGO_SETTINGS_MODULE": f"tests.sites.{site}",
        "PLAIN_SITE_DATABASE": str(database),
    }
    return {**os.environ, **own}


@contextmanager
def serve(
    site: str, folder: Path, *, address: str = "127.0.0.1", prefix: str = ""
) -> Iterator[ServedSite]:
    """A site on a free port of ``address``, or at the path of a unix socket."""
    database = folder / "db.sqlite3"
    database.write_bytes(migrated())
    env = environment(site, database)
    if prefix:
        env["SCRIPT_NAME"] = prefix  # gunicorn gives it to every request
    is_unix = address.startswith("/")
    port = None if is_unix else free_port(address)
    host = f"[{address}]" if ":" in address else address
    bind = f"unix:{address}" if is_unix else f"{host}:{port}"
    log = folder / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", APPLICATION, f"--bind={bind}", "--threads=16"],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(address, port, log)
        yield ServedSite(f"http://{host}:{port}{prefix}", env, log)
    finally:
        server.terminate()
        server.wait()


def free_port(address: str) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as free:
        free.bind((address, 0))
        port: int = free.getsockname()[1]
        return port


def wait_for(address: str, port: int | None, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connect(address, port).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text()}")


def connect(address: str, port: int | None) -> socket.socket:
    if port is not None:
        return socket.create_connection((address, port))
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
