"""Many who add the same keys to the cache at once, in one process or in several."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache, caches
from django.db import connections

THREADS = 4
LIFETIME = 60  # seconds; the keys are deleted, unless the process dies before


def add(keys: Sequence[str], at: float) -> list[int]:
    """Let some threads add each key from the moment ``at``; return how many did, by key."""
    with ThreadPoolExecutor(THREADS) as pool:
        rounds = list(pool.map(lambda _: _add_each(keys, at), range(THREADS)))
    return [sum(wins) for wins in zip(*rounds, strict=True)]


def _add_each(keys: Sequence[str], at: float) -> list[bool]:
    try:
        cache.get(keys[0])  # be connected by then
        time.sleep(max(0.0, at - time.time()))
        return [cache.add(key, 1, timeout=LIFETIME) for key in keys]
    finally:  # a thread has connections of its own
        caches.close_all()
        connections.close_all()
