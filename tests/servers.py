"""The sites of ``tests/sites`` under gunicorn, for tests of what only a real server shows."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from .processes import Site, answers, free_port, manage, started

APPLICATION = "django.core.wsgi:get_wsgi_application()"


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
) -> Iterator[Site]:
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
    gunicorn = [sys.executable, "-m", "gunicorn", APPLICATION, f"--bind={bind}", "--threads=16"]
    log = folder / "log"
    with started(gunicorn, lambda: answers(address, port), log, env) as server:
        yield Site(f"http://{host}:{port}{prefix}", env, log, server)
