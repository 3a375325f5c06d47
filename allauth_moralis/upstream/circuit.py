"""A circuit breaker, so that a dead service does not hold every worker for its whole time-out.

After some failures in a row the circuit opens: for some seconds the service is not called at all.
Then one request is let through, and its outcome closes the circuit or opens it again. Each process
has its own circuit: workers find out for themselves, and share nothing that could fail too.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..exceptions import UpstreamUnavailable

THRESHOLD = 3  # failures in a row
PAUSE = 10.0  # seconds


@dataclass(slots=True, kw_only=True)
class Circuit:
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _open_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        return self.clock() < self._open_until

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Count the outcome of a call. While the circuit is open, raise ``UpstreamUnavailable``."""
        with self._lock:
            if self.is_open:
                raise UpstreamUnavailable("not asked: it failed several times in a row")
            if self._failures >= THRESHOLD:
                # This call tries the service. Until it returns, but not for longer than this if it
                # never does, the others are refused at once.
                self._open_until = self.clock() + PAUSE
        try:
            yield
        except UpstreamUnavailable:
            with self._lock:
                self._failures += 1
                if self._failures >= THRESHOLD:
                    self._open_until = self.clock() + PAUSE
            raise
        except Exception:
            self._close()  # the service answered, if not as hoped
            raise
        self._close()

    def _close(self) -> None:
        with self._lock:
            self._failures, self._open_until = 0, 0.0
