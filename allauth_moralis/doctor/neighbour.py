"""Another process with the settings of this site, as another worker has them.

It answers questions: one JSON array in a line of its input, one JSON value in a line of its output.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from subprocess import DEVNULL, PIPE, Popen
from threading import Timer
from types import TracebackType
from typing import IO, Any, Self, cast

from django.conf import ENVIRONMENT_VARIABLE, settings

from .findings import Result, passed, warning

PATIENCE = 30.0  # seconds for one answer; the first one includes the start
FAREWELL = 5.0  # seconds to end


class NeighbourFailed(Exception):
    """The other process does not start, does not answer in time, or fails at the question."""


class Neighbour:
    """The other process, from this one."""

    def __init__(self) -> None:
        self._process: Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        # At the end of its input it ends by itself.
        guard = Timer(FAREWELL, self._process.kill)
        guard.start()
        with suppress(BrokenPipeError), self._process:  # closes its pipes, and waits
            pass
        guard.cancel()

    def try_start(self) -> Result:
        """Start it, for the probes that ask it."""
        try:
            self.ask("ready?")
        except NeighbourFailed:
            return warning(
                "it does not start, so what processes share is not tried",
                "Start this command as the site is started: same user, environment and folder.",
            )
        return passed("started with the same settings, to see what processes share")

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return its answer. Raise ``NeighbourFailed``."""
        self.send(question, *arguments)
        return self.receive()

    def send(self, question: str, *arguments: Any) -> None:
        """Ask without waiting for the answer, which ``receive`` returns."""
        if self._process is None:
            self._process = _start()
        questions, _ = _pipes(self._process)
        with suppress(OSError):  # it has ended, as reading will tell
            questions.write(json.dumps([question, *arguments]) + "\n")
            questions.flush()

    def receive(self) -> Any:
        if self._process is None:
            raise NeighbourFailed
        _, answers = _pipes(self._process)
        guard = Timer(PATIENCE, self._process.kill)
        guard.start()
        try:
            line = answers.readline()
        finally:
            guard.cancel()
        answer = json.loads(line) if line else None
        if not isinstance(answer, dict) or "answer" not in answer:
            raise NeighbourFailed
        return answer["answer"]


def _pipes(process: "Popen[str]") -> tuple[IO[str], IO[str]]:
    return cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)


def _start() -> "Popen[str]":
    if ENVIRONMENT_VARIABLE not in os.environ:  # settings.configure()
        raise NeighbourFailed
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(each or os.curdir for each in sys.path),
    }
    return Popen(  # noqa: S603 - this very Python, and a module of ours
        # As with manage.py, nothing is imported from the current folder.
        [sys.executable, "-P", "-m", __name__],
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,  # a traceback may hold anything
        text=True,
    )


# --- In the other process -------------------------------------------------------------------------


def _cached(key: str) -> Any:
    from django.core.cache import cache  # noqa: PLC0415 - needs django.setup()

    return cache.get(key)


def _add(keys: list[str], at: float) -> list[int]:
    from . import race  # noqa: PLC0415 - as above

    return race.add(keys, at)


def _session_keys(session_key: str) -> list[str]:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return sorted(store.load())


QUESTIONS: dict[str, Callable[..., Any]] = {
    "ready?": lambda: True,
    "cached": _cached,
    "add": _add,
    "session keys": _session_keys,
}


def main() -> None:
    import django  # noqa: PLC0415 - only the other process needs it here

    # What the site prints must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    django.setup()
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        try:
            answer = {"answer": QUESTIONS[question](*arguments)}
        except Exception as error:  # noqa: BLE001 - the first process says what to do
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
