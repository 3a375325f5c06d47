"""The only file that reaches into ``allauth.*.internal``.

Why: allauth's rate limits (their notation, their cache keys, their grouping of IPv6 addresses)
are what site owners know, and its public ``allauth.core.ratelimit.consume`` reads the limits of
``allauth.account`` alone. ``tests/test_allauth_surface.py`` fails with a sentence when they move.
"""

from collections.abc import Mapping
from math import ceil

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from .exceptions import RateLimited


def check_rate(request: HttpRequest, action: str, limits: Mapping[str, str], *, key: str) -> None:
    """Count one ``action`` of this visitor. Raises ``RateLimited`` where it is one too many."""
    if ratelimit.consume(request, app="allauth_moralis", action=action, config=limits, key=key):
        return
    # Which of the limits it was is not told; after the longest of their windows all are free.
    window = max(rate.duration for rate in ratelimit.parse_rates(limits[action]))
    raise RateLimited(action, retry_after=ceil(window))


def parse_rates(value: str) -> list[str]:
    """What each limit of ``value`` counts by (``ip``, ``key``, …). Raises ``ValueError``."""
    return [rate.per for rate in ratelimit.parse_rates(value)]
