"""Processes that are measured, and their databases. All end with the block that started them."""

import json
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from .browsers import HOST
from .contestants import ROOT, Contestant

#: Nothing else of the environment counts: it may hold a configuration of the demo.
KEPT = ("HOME", "LANG", "PATH", "TMPDIR")
SERVER = "django.core.wsgi:get_wsgi_application()"
THREADS = 8
TICKS = os.sysconf("SC_CLK_TCK")


def environment(contestant: Contestant, database: str) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "DJANGO_SETTINGS_MODULE": contestant.settings,
        "DATABASE_URL": database,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": HOST,
        "BEHIND_PROXY": "1",
        **contestant.env,
    }


class Room:
    """What is measured in one run. ``postgres`` is the URL of a database, beside which others
    may be made; without it there is a file of SQLite for each site.
    """

    def __init__(self, folder: Path, postgres: str | None = None) -> None:
        self.folder = folder
        self.postgres = postgres
        self._stack = ExitStack()
        self._count = 0
        self._empty: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def database(self, contestant: Contestant) -> str:
        """The URL of an empty database of this site's own."""
        schema = contestant.schema
        if schema not in self._empty:
            self._empty[schema] = self._create(None)
            self._migrate(contestant, self._empty[schema])
        return self._create(self._empty[schema])

    def worker(self, contestant: Contestant, database: str | None = None) -> "Worker":
        """A site that runs until its ``end`` is called, at the latest until that of the room."""
        env = environment(contestant, database or self.database(contestant))
        stack = self._stack.enter_context(ExitStack())
        worker = stack.enter_context(Worker.started(contestant, env, self._log(contestant)))
        worker.end = stack.close
        return worker

    @contextmanager
    def server(self, contestant: Contestant, workers: int) -> Iterator["Server"]:
        env = environment(contestant, self.database(contestant))
        with Server.started(contestant, env, self._log(contestant), workers) as server:
            yield server

    def _log(self, contestant: Contestant) -> Path:
        self._count += 1
        return self.folder / f"{contestant.name}-{self._count}.log"

    def _migrate(self, contestant: Contestant, database: str) -> None:
        subprocess.run(
            [contestant.python, "-m", "django", "migrate", "--verbosity=0"],
            cwd=ROOT,
            env=environment(replace(contestant, settings=contestant.schema), database),
            check=True,
        )

    def _create(self, pattern: str | None) -> str:
        self._count += 1
        if self.postgres is None:
            file = self.folder / f"{self._count}.sqlite3"
            if pattern is not None:
                shutil.copyfile(urlsplit(pattern).path[1:], file)
            return f"sqlite:///{file}"
        name = f"bench_{os.getpid()}_{self._count}"
        template = "template1" if pattern is None else urlsplit(pattern).path[1:]
        self._stack.callback(self._execute, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return urlsplit(self.postgres)._replace(path=f"/{name}").geturl()

    def version(self) -> str:
        """PostgreSQL's."""
        (found,) = self._execute("SHOW server_version")
        return found.partition(" ")[0]

    def _execute(self, statement: str) -> list[str]:
        import psycopg  # noqa: PLC0415 - only where there is a PostgreSQL

        assert self.postgres is not None
        with closing(psycopg.connect(self.postgres, autocommit=True)) as connection:
            cursor = connection.execute(statement.encode())
            return [row[0] for row in cursor] if cursor.description else []


@contextmanager
def process(command: list[Any], log: Path, env: dict[str, str], **more: Any) -> Iterator[Any]:
    with log.open("w") as output:
        started = subprocess.Popen(command, cwd=ROOT, env=env, stderr=output, **more)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        for pipe in (started.stdin, started.stdout):
            if pipe is not None:
                pipe.close()


@dataclass
class Worker:
    """A ``bench.site``, in which one thing happens at a time."""

    contestant: Contestant
    log: Path
    process: "subprocess.Popen[str]"
    end: Callable[[], None] = field(default=lambda: None)

    @classmethod
    @contextmanager
    def started(cls, contestant: Contestant, env: dict[str, str], log: Path) -> Iterator[Self]:
        command = [contestant.python, "-m", "bench.site", contestant.visit]
        pipe = subprocess.PIPE
        with process(command, log, env, stdin=pipe, stdout=pipe, text=True) as child:
            yield cls(contestant, log, child)

    def __call__(self, do: str, **options: Any) -> Any:
        """Have a method of ``bench.site.Site`` called, and return what it returns."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"do": do, **options}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.contestant.name} ended:\n{self.log.read_text()[-3000:]}")
        return json.loads(line)


@dataclass
class Server:
    """gunicorn, on a port that was free."""

    contestant: Contestant
    port: int
    log: Path
    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def started(
        cls, contestant: Contestant, env: dict[str, str], log: Path, workers: int
    ) -> Iterator[Self]:
        # Already listening, so nobody has to wait until it does.
        with socket.create_server((HOST, 0), backlog=128) as listener:
            bound = listener.fileno()
            command = [
                *(contestant.python, "-m", "gunicorn", SERVER, f"--bind=fd://{bound}"),
                *("--worker-class=gthread", f"--threads={THREADS}", f"--workers={workers}"),
                *("--graceful-timeout=5", "--no-control-socket"),
            ]
            with process(command, log, env, pass_fds=[bound], stdout=subprocess.DEVNULL) as master:
                yield cls(contestant, listener.getsockname()[1], log, master)

    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def cpu(self) -> float:
        """Seconds of processor time of all workers so far."""
        total = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self) -> float:
        """Megabytes of the largest worker."""
        return max(
            int(line.split()[1]) / 1024
            for pid in self.workers()
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        )
