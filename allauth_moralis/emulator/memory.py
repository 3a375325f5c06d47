"""What the emulator remembers, and for how long: it may run for weeks."""

import threading
from typing import Generic, TypeVar

Value = TypeVar("Value")

MAX_TEXTS = 4096
MAX_CHARACTERS = 16 * 1024 * 1024  # of all texts together: one may have a megabyte


class Expiring(Generic[Value]):
    """Texts that were given out, each until its deadline; the oldest go where they are too many.

    Times are in seconds since the epoch.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Value, float]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, text: str, value: Value, *, now: float, seconds: float) -> None:
        with self._lock:
            self._kept = {t: kept for t, kept in self._kept.items() if kept[1] >= now}
            self._kept[text] = (value, now + seconds)
            size = sum(map(len, self._kept))
            while len(self._kept) > MAX_TEXTS or size > MAX_CHARACTERS:
                oldest = next(iter(self._kept))
                size -= len(oldest)
                del self._kept[oldest]

    def get(self, text: str, *, now: float) -> Value | None:
        value, deadline = self._kept.get(text, (None, now))
        return None if now > deadline else value

    def pop(self, text: str) -> Value | None:
        """Of two that ask at once, one gets it."""
        with self._lock:
            value, _ = self._kept.pop(text, (None, 0))
        return value

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
