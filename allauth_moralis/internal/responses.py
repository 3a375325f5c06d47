"""Statuses and bodies: what pages and applications have in common of HTTP."""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    RawPostDataException,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from .. import forms
from ..exceptions import InvalidRequest, WalletError
from .stash import Pending

STATUS = {
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "invalid_address": HTTPStatus.BAD_REQUEST,
    "unsupported_network": HTTPStatus.BAD_REQUEST,
    "unsupported_chain": HTTPStatus.BAD_REQUEST,
    "login_required": HTTPStatus.FORBIDDEN,
    "wallet_not_linked": HTTPStatus.FORBIDDEN,
    "challenge_missing": HTTPStatus.FORBIDDEN,
    "challenge_expired": HTTPStatus.FORBIDDEN,
    "signature_invalid": HTTPStatus.UNAUTHORIZED,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "upstream_rejected": HTTPStatus.BAD_GATEWAY,
    "upstream_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "misconfigured": HTTPStatus.SERVICE_UNAVAILABLE,
}

#: What Django raises for a body that is no form: too many fields, broken parts, a charset that is
#: none (LookupError, UnicodeError) and a visitor who hung up.
NO_FORM = (
    BadRequest,
    LookupError,
    MultiPartParserError,
    SuspiciousOperation,
    UnicodeError,
    UnreadablePostError,
)

View = Callable[[HttpRequest], HttpResponseBase]
Refusal = Callable[[HttpRequest, WalletError], HttpResponse]


def bounded(refuse: Refusal, *, csrf: bool = True) -> Callable[[View], View]:
    """Refuse a body that is too large, or no form, before anything else reads it.

    Django's CSRF check looks for its token in the form, so it would parse ten megabytes first.
    """

    def decorate(view: View) -> View:
        protected = csrf_protect(view) if csrf else view

        @csrf_exempt  # by the middleware; `protected` does the same check once the size is known
        @wraps(view)
        def wrapper(request: HttpRequest) -> HttpResponseBase:
            length = request.META.get("CONTENT_LENGTH") or "0"
            if not re.fullmatch("[0-9]{1,9}", length) or int(length) > forms.MAX_BODY:
                return refuse(request, InvalidRequest("body too large"))
            try:
                request.POST  # noqa: B018 - parses the form, if it is one
            except NO_FORM:
                return refuse(request, InvalidRequest("not a form"))
            return protected(request)

        return wrapper

    return decorate


def body_of(request: HttpRequest) -> bytes:
    """The body; one that hid its size until it was read is refused as any other."""
    try:
        return request.body
    except (RawPostDataException, SuspiciousOperation, UnreadablePostError):
        raise InvalidRequest("a form, too large, or cut off") from None


def describe(handle: str, pending: Pending) -> dict[str, str]:
    """What a page or an application is told of its challenge, and no more."""
    return {
        "challenge": handle,
        "message": pending.challenge.message,
        "expires_at": pending.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def with_retry_after(response: HttpResponse, error: WalletError) -> HttpResponse:
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
