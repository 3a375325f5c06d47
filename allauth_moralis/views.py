"""HTTP in, HTTP out."""

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from allauth import app_settings as allauth_settings
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from . import forms
from .backends import issuer
from .conf import PROVIDER_ID
from .exceptions import InvalidRequest, UpstreamUnavailable, WalletError
from .internal import contexts, events, flows, labels
from .internal.allauth_private import has_second_factor
from .internal.contexts import Asked
from .internal.responses import STATUS, body_of, bounded, describe, with_retry_after
from .internal.stash import Pending
from .reauthentication import ask, confirm_access, has_wallet
from .siwx.wallets import Wallet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def refuse_json(
    request: HttpRequest, error: WalletError, wallet: Wallet | None = None
) -> HttpResponse:
    events.wallet_refused(request, error, wallet)
    response = JsonResponse(
        {"error": {"code": error.code, "message": str(error.message)}}, status=STATUS[error.code]
    )
    return with_retry_after(response, error)


def refuse_page(
    request: HttpRequest,
    error: WalletError,
    pending: Pending | None = None,
    asked: Asked | None = None,
) -> HttpResponse:
    """The wallet page once more, with the reason on top: one press starts again."""
    events.wallet_refused(request, error, pending.challenge.wallet if pending else None)
    response = render(
        request,
        "moralis/login.html",
        contexts.wallet_page(request, asked or Asked(), error=error),
        status=STATUS[error.code],
    )
    add_never_cache_headers(response)
    return with_retry_after(response, error)


@require_safe
@never_cache
@login_not_required
def login(request: HttpRequest, process: str | None = None) -> HttpResponse:
    """The wallet page. It writes nothing."""
    # Nobody shall press a button, wait, and only then be told.
    error = None if issuer().available else UpstreamUnavailable()
    asked = Asked.parse(request.GET)
    if process is not None:
        asked = Asked(process, asked.next)
    if asked.process == AuthProcess.CONNECT and request.user.is_authenticated:
        try:  # at once, then, and not after they have signed
            confirm_access(request)
        except ReauthenticationRequired:
            if not allauth_settings.HEADLESS_ONLY:
                raise
            # There allauth has no page that would ask them.
            if has_wallet(request.user) and not has_second_factor(request.user):
                return ask(request)
    context = contexts.wallet_page(request, asked, error=error)
    if process is not None:  # allauth led here, which takes other ways as well
        context["alternatives"] = contexts.alternatives(request, asked)
    return render(request, "moralis/login.html", context)


@require_POST
@never_cache
@login_not_required
@bounded(refuse_json)
def challenge(request: HttpRequest) -> HttpResponse:
    asked: forms.ChallengeRequest | None = None
    try:
        if request.content_type != "application/json":
            raise InvalidRequest("content type")
        asked = forms.parse_challenge_request(body_of(request))
        handle, pending = flows.issue_challenge(request, asked)
    except WalletError as error:
        return refuse_json(request, error, asked.wallet if asked else None)
    return JsonResponse(describe(handle, pending))


@require_POST
@never_cache
@login_not_required
@sensitive_post_parameters("signature")
# A rollback of the request must not give the challenge back; the flow has its own transaction.
@transaction.non_atomic_requests
@bounded(refuse_page)
def verify(request: HttpRequest) -> HttpResponseBase:
    data = request.POST
    pending = flows.take_challenge(request, data.get("challenge", ""))
    asked = Asked.of(pending) if pending else Asked.parse(data)
    # Where the challenge has no "next", allauth would take one from this request, unasked for.
    request.GET = request.POST = QueryDict()
    try:
        return flows.complete_login(request, pending, forms.parse_proof(data))
    except WalletError as error:
        get_adapter().on_authentication_error(
            request,
            get_adapter().get_provider(request, PROVIDER_ID),
            error=AuthError.UNKNOWN,
            exception=error,
            extra_context={"state": pending.state if pending else None},
        )
        return refuse_page(request, error, pending, asked)


@require_safe
@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    return _profile(request)


def refuse_label(request: HttpRequest, error: WalletError) -> HttpResponse:
    return _profile(request, error=error)


@require_POST
@never_cache
@login_required
@bounded(refuse_label)
def label(request: HttpRequest) -> HttpResponse:
    """A person's own name for one of their wallets."""
    try:
        account, text = forms.parse_label(request.POST)
        labels.set_label(_user(request), account, text)
    except WalletError as error:
        return refuse_label(request, error)
    return HttpResponseRedirect(reverse("moralis_profile"))


def _profile(request: HttpRequest, *, error: WalletError | None = None) -> HttpResponse:
    context = {
        "wallets": contexts.wallets_of(request),
        "error": error,
        "max_label": forms.MAX_LABEL,
    }
    status = HTTPStatus.OK if error is None else STATUS[error.code]
    return render(request, "moralis/profile.html", context, status=status)


def _user(request: HttpRequest) -> "AbstractBaseUser":
    return cast("AbstractBaseUser", request.user)  # says login_required
