"""What pages and applications have in common in HTTP: refusals, and how bodies are read."""

import codecs
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    RawPostDataException,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

from .. import forms
from ..devices.states import DeviceRequest
from ..exceptions import CsrfFailed, InvalidRequest, StorageUnavailable, WalletError
from . import events, stores
from .stash import Pending

#: What Django raises for a body that is not a form: too many fields, broken parts, an unknown or
#: wrong charset (LookupError, UnicodeError), or a visitor who hung up.
NOT_A_FORM = (
    BadRequest,
    LookupError,
    MultiPartParserError,
    SuspiciousOperation,
    UnicodeError,
    UnreadablePostError,
)

#: Seconds that a computer waits before it asks again whether a phone has answered.
POLL_INTERVAL = 2

View = Callable[..., HttpResponseBase]
Refusal = Callable[[HttpRequest, WalletError], HttpResponse]


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, but with our refusal in place of a page that leads nowhere."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002 - Django's signature
        raise CsrfFailed


def refusals(
    refuse: Refusal, *, csrf: bool = True, max_body: int = forms.MAX_BODY
) -> Callable[[View], View]:
    """Catch every ``WalletError`` of a view, log it, and let ``refuse`` make the response.

    A database or a cache that is down is one of them.

    A body of more than ``max_body`` bytes, or one that is not a form, is refused before anything
    else reads it: Django's CSRF check looks for its token in the form, so it would parse ten
    megabytes first.
    """

    def decorate(view: View) -> View:
        checked = decorator_from_middleware(_CsrfCheck)(view) if csrf else view

        @csrf_exempt  # from the middleware; `checked` does the same once the size is known
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            events.reset()
            try:
                _check_body(request, max_body)
                stores.read_session(request)
                with stores.database_must_answer():
                    return checked(request, *args, **kwargs)
            except WalletError as error:
                events.wallet_refused(request, error)
                if isinstance(error, StorageUnavailable):
                    stores.hide_visitor(request)
                response = refuse(request, error)
                if error.retry_after is not None:
                    response["Retry-After"] = str(error.retry_after)
                return response

        return wrapper

    return decorate


def _check_body(request: HttpRequest, max_body: int) -> None:
    is_utf8 = codecs.lookup(request.encoding or "utf-8").name == "utf-8"
    if not is_utf8:
        # Some charsets have a spelling for half a surrogate pair, with which no page can be
        # written; and the page that says so reads the request once more.
        request.encoding = "utf-8"
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > max_body:
        raise InvalidRequest("body too large")
    if not is_utf8:
        raise InvalidRequest("not UTF-8")
    try:
        request.POST  # noqa: B018 - parses the form, if it is one
    except NOT_A_FORM:
        raise InvalidRequest("not a form") from None


def body_of(request: HttpRequest) -> bytes:
    """Return the body. Raise ``InvalidRequest`` if it cannot be read or is too large.

    The size of a body may show only when it is read.
    """
    try:
        return request.body
    except (RawPostDataException, SuspiciousOperation, UnreadablePostError):
        raise InvalidRequest("a form, too large, or cut off") from None


def json_of(request: HttpRequest) -> bytes:
    """Return the body of a request of a script or an application. Raise ``InvalidRequest``."""
    if request.content_type != "application/json":
        raise InvalidRequest("content type")
    return body_of(request)


def describe(handle: str, pending: Pending) -> dict[str, str]:
    """Return what a page or an application is told about its challenge, and no more."""
    return {
        "challenge": handle,
        "message": pending.challenge.message,
        "expires_at": _timestamp(pending.expires),
    }


def describe_device(request: HttpRequest, code: str, device: DeviceRequest) -> dict[str, str | int]:
    """Return what the computer is told about its request for a wallet of another device.

    The number is not in the address, because that is what anybody sees who sees the QR code.
    """
    return {
        "device_code": code,
        "number": device.number,
        "verification_uri": device_address(request, device),
        "expires_at": _timestamp(device.expires),
        "interval": POLL_INTERVAL,
    }


def describe_request(device: DeviceRequest) -> dict[str, str]:
    """Return what the phone is told. The number it must be told by who looks at the computer."""
    return {
        "process": device.process,
        "browser": device.browser,
        "system": device.system,
        "expires_at": _timestamp(device.expires),
    }


def device_address(request: HttpRequest, device: DeviceRequest) -> str:
    return request.build_absolute_uri(reverse("moralis_device_page", args=[device.id]))


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
