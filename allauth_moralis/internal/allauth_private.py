"""The only file that imports from ``allauth.*.internal``, and why each import is needed.

* ``ratelimit``: site owners know allauth's rate limits (their notation, their cache keys, their
  grouping of IPv6 addresses), but its public ``allauth.core.ratelimit.consume`` reads the limits of
  ``allauth.account`` only.
* ``record_authentication``: the only way to tell allauth's own pages that a user reauthenticated.
* ``resume_request``: the only way to resume what allauth held up until then.
* ``get_reauthentication_flows``: the only way to know, on sites without pages, how a user can
  reauthenticate.
* ``send_unknown_account_mail``: what allauth sends to an address that has no account.

Besides, allauth's headless views mark the requests of applications in an undocumented attribute.
``tests/test_allauth_surface.py`` says in a sentence what has moved, when something has.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
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
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.http import urlencode

from ..conf import PROVIDER_ID
from ..exceptions import Misconfigured, RateLimited
from .stores import cache_must_answer, cache_must_keep


def check_rate(request: HttpRequest, action: str, limits: Mapping[str, str], *, key: str) -> None:
    """Count one ``action`` of this visitor. Raise ``RateLimited`` if it is one too many."""
    try:
        with cache_must_answer():
            if ratelimit.consume(
                request,
                app="allauth_moralis",
                action=action,
                config={**limits},
                key=key,
                limit_get=True,
            ):
                return
    except (PermissionDenied, ImproperlyConfigured):
        # A unix socket, which has no addresses, or more proxies than ALLAUTH_TRUSTED_PROXY_COUNT.
        raise Misconfigured(
            "the visitor's IP address is not known: set ALLAUTH_TRUSTED_PROXY_COUNT or "
            "ALLAUTH_TRUSTED_CLIENT_IP_HEADER"
        ) from None
    cache_must_keep()
    # allauth does not say which limit it was, but after the longest window all of them are free.
    window = max(rate.duration for rate in ratelimit.parse_rates(limits[action]))
    raise RateLimited(action, retry_after=ceil(window))


def record_reauthentication(request: HttpRequest, uid: str) -> None:
    """Tell allauth that the user reauthenticated, as its own methods do."""
    user = authenticated_user(request)
    record_authentication(
        request, user, "socialaccount", provider=PROVIDER_ID, uid=uid, reauthenticated=True
    )


def is_headless(request: HttpRequest | None) -> bool:
    """Return whether the request is an application's, which has no pages and shows no markup."""
    return hasattr(getattr(request, "allauth", None), "headless")


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether allauth asks the user for a second factor when they reauthenticate."""
    flows = get_reauthentication_flows(user) if user.is_authenticated else []
    return any(flow["id"] == "mfa_reauthenticate" for flow in flows)


def can_confirm(user: AbstractBaseUser) -> bool:
    """Whether the user has anything of allauth's to confirm by, on pages or without them."""
    flows = {flow["id"] for flow in get_reauthentication_flows(user)}
    if allauth_settings.SOCIALACCOUNT_ONLY:  # no password opens anything there
        flows.discard("reauthenticate")
    return bool(flows)


def is_held_up(request: HttpRequest) -> bool:
    """Return whether a form, or another provider's link, waits for reauthentication."""
    return STATE_SESSION_KEY in request.session


def held_up_path(request: HttpRequest) -> str | None:
    """Return the path to which the form that waits was posted."""
    kept = request.session.get(STATE_SESSION_KEY, {}).get("request")
    path: str | None = None if kept is None else json.loads(kept)["path"]
    return path


def drop_held_up(request: HttpRequest) -> None:
    if STATE_SESSION_KEY in request.session:
        del request.session[STATE_SESSION_KEY]


def resume(request: HttpRequest, next_url: str | None, home: str) -> HttpResponseBase:
    """Resume the form that allauth held up; otherwise redirect to ``next_url`` or ``home``.

    allauth also holds up the linking of other providers' accounts, and that waits without a
    ``next`` URL. So if this reauthentication has one, it was for something else, and a link that
    was begun earlier, perhaps by somebody else at this browser, must not ride on it.
    """
    if next_url and "callback" in request.session.get(STATE_SESSION_KEY, {}):
        del request.session[STATE_SESSION_KEY]
    request.GET = QueryDict(urlencode({"next": next_url or home}))
    with ExitStack() as stack:
        # The form's own view would run in one transaction, but the view that resumes it does not.
        for database in connections:
            if connections.settings[database]["ATOMIC_REQUESTS"]:
                stack.enter_context(transaction.atomic(using=database))
        response: HttpResponseBase | None = resume_request(request)
    return response or HttpResponseRedirect(home)


def send_unknown_account_mail(request: HttpRequest, email: str) -> None:
    """Tell the reader of ``email``, as allauth does, that the address has no account here."""
    signup.send_unknown_account_mail(request, email)


def can_be_counted(value: str) -> bool:
    """Return whether all limits in ``value`` count by IP address or by wallet, and can be reached.

    ``value`` is in allauth's notation. Raise ``ValueError`` if it is not.
    """
    return all(
        rate.per in ("ip", "key") and rate.amount > 0 and 0 < rate.duration < inf
        for rate in ratelimit.parse_rates(value)
    )


def counts_addresses(limits: Iterable[str]) -> bool:
    """Return whether one of these limits counts by the visitor's IP address."""
    try:
        return any(rate.per == "ip" for limit in limits for rate in ratelimit.parse_rates(limit))
    except (ValueError, AttributeError, TypeError):  # another check reports malformed limits
        return False


def keys_of_address(address: str, action: str, limits: Mapping[str, str]) -> list[str]:
    """Return the cache keys under which an ``action`` of a visitor from ``address`` is counted."""
    rates = ratelimit.parse_rates(limits.get(action))
    visitor = ratelimit.truncate_ip(address)
    return [
        # As ``ratelimit.get_cache_key`` writes it, which takes the address from a request only.
        ":".join(["allauth", "rl", "allauth_moralis", action, str(rate), "ip", visitor])
        for rate in rates
        if rate.per == "ip"
    ]
