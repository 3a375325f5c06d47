"""The only file that reaches into ``allauth.*.internal``.

Why: allauth's rate limits (their notation, their cache keys, their grouping of IPv6 addresses)
are what site owners know, and its public ``allauth.core.ratelimit.consume`` reads the limits of
``allauth.account`` alone. And only ``record_authentication`` tells its own pages that a user has
confirmed their access, only ``resume_request`` goes on with what they held up until then, and only
``get_reauthentication_flows`` tells by what somebody can confirm where the site has no pages. That
an application asks, its headless views note on the request, and nowhere that is documented.
``send_unknown_account_mail`` is what it sends to an address that has no account.
``tests/test_allauth_surface.py`` fails with a sentence when they move.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import ceil, inf

from allauth import app_settings as allauth_settings
from allauth.account.internal.flows import signup
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import (
    STATE_SESSION_KEY,
    get_reauthentication_flows,
    resume_request,
)
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import authenticated_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.crypto import get_random_string
from django.utils.http import urlencode

from ..conf import PROVIDER_ID
from ..exceptions import Misconfigured, RateLimited


@contextmanager
def cache_must_answer() -> Iterator[None]:
    """Raise ``Misconfigured`` where the cache is down: no limit counts, no challenge is claimed."""
    try:
        yield
    except (PermissionDenied, ImproperlyConfigured):
        raise
    except Exception as error:  # noqa: BLE001 - each cache backend has exceptions of its own
        raise Misconfigured(f"the cache does not answer: {type(error).__name__}") from None


def cache_must_keep() -> None:
    """Raise ``Misconfigured`` where the cache is down and says "no" instead of failing.

    So do django-redis with ``IGNORE_EXCEPTIONS`` and clients of Memcached: a limit then seems used
    up, and a challenge answered. To be asked after a "no" alone.
    """
    with cache_must_answer():
        if cache.add(f"allauth_moralis:kept:{get_random_string(22)}", 1, timeout=1):
            return
    raise Misconfigured("the cache does not answer: it keeps nothing")


def check_rate(request: HttpRequest, action: str, limits: Mapping[str, str], *, key: str) -> None:
    """Count one ``action`` of this visitor. Raises ``RateLimited`` where it is one too many."""
    try:
        with cache_must_answer():
            if ratelimit.consume(
                request, app="allauth_moralis", action=action, config={**limits}, key=key
            ):
                return
    except (PermissionDenied, ImproperlyConfigured):
        # A socket without addresses, or proxies that ALLAUTH_TRUSTED_PROXY_COUNT does not count.
        raise Misconfigured(
            "the visitor's IP address is not known: set ALLAUTH_TRUSTED_PROXY_COUNT or "
            "ALLAUTH_TRUSTED_CLIENT_IP_HEADER"
        ) from None
    cache_must_keep()
    # Which of the limits it was is not told; after the longest of their windows all are free.
    window = max(rate.duration for rate in ratelimit.parse_rates(limits[action]))
    raise RateLimited(action, retry_after=ceil(window))


def record_reauthentication(request: HttpRequest, uid: str) -> None:
    """Tell allauth that the user confirmed their access, as its own methods do."""
    user = authenticated_user(request)
    record_authentication(
        request, user, "socialaccount", provider=PROVIDER_ID, uid=uid, reauthenticated=True
    )


def is_headless(request: HttpRequest | None) -> bool:
    """Whether an application asks, which has no pages and shows no markup."""
    return hasattr(getattr(request, "allauth", None), "headless")


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether allauth asks the user for a second factor where they must confirm their access."""
    flows = get_reauthentication_flows(user) if user.is_authenticated else []
    return any(flow["id"] == "mfa_reauthenticate" for flow in flows)


def can_confirm(user: AbstractBaseUser) -> bool:
    """Whether the user has anything of allauth's to confirm by, on pages or without them."""
    flows = {flow["id"] for flow in get_reauthentication_flows(user)}
    if allauth_settings.SOCIALACCOUNT_ONLY:  # no password opens anything there
        flows.discard("reauthenticate")
    return bool(flows)


def is_held_up(request: HttpRequest) -> bool:
    """Whether a form, or a link of another provider, waits for a confirmation."""
    return STATE_SESSION_KEY in request.session


def held_up_path(request: HttpRequest) -> str | None:
    """The path to which the form that waits was sent."""
    kept = request.session.get(STATE_SESSION_KEY, {}).get("request")
    path: str | None = None if kept is None else json.loads(kept)["path"]
    return path


def drop_held_up(request: HttpRequest) -> None:
    if STATE_SESSION_KEY in request.session:
        del request.session[STATE_SESSION_KEY]


def resume(request: HttpRequest, next_url: str | None, home: str) -> HttpResponseBase:
    """Go on with the form that allauth held up; else to ``next_url``, or home.

    It also holds up links of other providers, and those wait without an address to return to. Where
    this confirmation has one, it was for something else, and a link that was begun earlier, perhaps
    by somebody else at this browser, must not ride on it.
    """
    if next_url and "callback" in request.session.get(STATE_SESSION_KEY, {}):
        del request.session[STATE_SESSION_KEY]
    request.GET = QueryDict(urlencode({"next": next_url or home}))
    with ExitStack() as stack:
        # The form's own view would have been one transaction; the one that calls it here is none.
        for database in connections:
            if connections.settings[database]["ATOMIC_REQUESTS"]:
                stack.enter_context(transaction.atomic(using=database))
        response: HttpResponseBase | None = resume_request(request)
    return response or HttpResponseRedirect(home)


def send_unknown_account_mail(request: HttpRequest, email: str) -> None:
    """Tell whoever reads ``email`` that it has no account here, as allauth does."""
    signup.send_unknown_account_mail(request, email)


def can_be_counted(value: str) -> bool:
    """Whether every limit of ``value`` is one, by address or by wallet. Raises ``ValueError``."""
    return all(
        rate.per in ("ip", "key") and rate.amount > 0 and 0 < rate.duration < inf
        for rate in ratelimit.parse_rates(value)
    )


def counts_addresses(limits: Iterable[str]) -> bool:
    """Whether one of these limits is by the visitor's address."""
    try:
        return any(rate.per == "ip" for limit in limits for rate in ratelimit.parse_rates(limit))
    except (ValueError, AttributeError, TypeError):  # what is no limit at all is told elsewhere
        return False
