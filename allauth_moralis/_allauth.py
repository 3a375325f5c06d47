"""The only file that reaches into ``allauth.*.internal``.

Why: allauth's rate limits (their notation, their cache keys, their grouping of IPv6 addresses)
are what site owners know, and its public ``allauth.core.ratelimit.consume`` reads the limits of
``allauth.account`` alone. And only ``record_authentication`` tells its own pages that a user has
confirmed their access, and only ``resume_request`` goes on with what they held up until then.
``tests/test_allauth_surface.py`` fails with a sentence when they move.
"""

from collections.abc import Mapping
from math import ceil, inf

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.core.internal import ratelimit
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils.http import urlencode

from .exceptions import Misconfigured, RateLimited


def check_rate(request: HttpRequest, action: str, limits: Mapping[str, str], *, key: str) -> None:
    """Count one ``action`` of this visitor. Raises ``RateLimited`` where it is one too many."""
    try:
        if ratelimit.consume(request, app="allauth_moralis", action=action, config=limits, key=key):
            return
    except (PermissionDenied, ImproperlyConfigured):
        # A socket without addresses, or proxies that ALLAUTH_TRUSTED_PROXY_COUNT does not count.
        raise Misconfigured("the visitor's IP address is not known") from None
    # Which of the limits it was is not told; after the longest of their windows all are free.
    window = max(rate.duration for rate in ratelimit.parse_rates(limits[action]))
    raise RateLimited(action, retry_after=ceil(window))


def record_reauthentication(request: HttpRequest, uid: str) -> None:
    """Tell allauth that the user confirmed their access, as its own methods do."""
    record_authentication(
        request, request.user, "socialaccount", provider="moralis", uid=uid, reauthenticated=True
    )


def resume(request: HttpRequest, next_url: str) -> HttpResponseBase | None:
    """Go on with the form, or the connection, that allauth held up; else back to ``next_url``.

    ``None`` where that leads nowhere on this site.
    """
    request.GET = QueryDict(urlencode({"next": next_url}))
    response: HttpResponseBase | None = resume_request(request)
    return response


def can_be_counted(value: str) -> bool:
    """Whether every limit of ``value`` is one, by address or by wallet. Raises ``ValueError``."""
    return all(
        rate.per in ("ip", "key") and rate.amount > 0 and 0 < rate.duration < inf
        for rate in ratelimit.parse_rates(value)
    )
