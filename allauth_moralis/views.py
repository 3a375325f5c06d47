"""HTTP in, HTTP out: the only file that knows status codes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, cast

from allauth import app_settings as allauth_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    RawPostDataException,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from . import conf, events, flows, forms, labels
from ._allauth import has_second_factor
from .backends import issuer
from .exceptions import InvalidRequest, UpstreamUnavailable, WalletError
from .provider import MoralisAccount, MoralisProvider
from .proving import REAUTHENTICATE, ask, confirm_access, has_wallet
from .stash import Pending
from .wallets import Wallet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a wallet page is for: it decides nothing, and goes with each challenge request."""

    process: str = AuthProcess.LOGIN
    next: str = ""
    state: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, str]) -> Self:
        process = data.get("process", "")
        return cls(
            process if process in forms.PURPOSES else AuthProcess.LOGIN,
            forms.safe_next(data.get("next", "")) or "",
            data.get("state", "")[: forms.MAX_FIELD],
        )

    @classmethod
    def of(cls, pending: Pending) -> Self:
        state = pending.state
        return cls(state["process"], state.get("next", ""), pending.redirect_state or "")

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in self.fields.items() if value})

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a challenge request; a state stands in for the other two."""
        if self.state:
            return {"state": self.state}
        return {"process": self.process, "next": self.next}


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
        _page(request, asked or Asked(), error=error),
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
    if asked.process == AuthProcess.CONNECT and request.user.is_authenticated:
        try:  # at once, then, and not after they have signed
            confirm_access(request)
        except ReauthenticationRequired:
            if not allauth_settings.HEADLESS_ONLY:
                raise
            # There allauth has no page that would ask them.
            if has_wallet(request.user) and not has_second_factor(request.user):
                return ask(request)
    if process is None:
        return render(request, "moralis/login.html", _page(request, asked, error=error))
    asked = Asked(process, asked.next)
    context = {**_page(request, asked, error=error), "alternatives": _alternatives(request, asked)}
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
            get_adapter().get_provider(request, MoralisProvider.id),
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


def _page(request: HttpRequest, asked: Asked, *, error: WalletError | None) -> dict[str, Any]:
    """The wallet page's context; ``page`` is what its script reads."""
    sign_in_first = asked.process != AuthProcess.LOGIN and not request.user.is_authenticated
    login_url = _login_url(asked.next)
    if sign_in_first:
        # First the one, by e-mail or by the wallet that is linked already, then back here.
        here = f"{reverse('moralis_login')}?{asked.query}"
        login_url = _login_url(here) or _with_next(reverse("moralis_login"), here)
    confirms = asked.process == REAUTHENTICATE and not sign_in_first
    return {
        "asked": asked,
        "error": error,
        "sign_in_first": sign_in_first,
        "linked": _wallets(request) if confirms else [],
        "login_url": login_url,
        "page": {
            "challengeUrl": reverse("moralis_challenge"),
            "csrfHeader": settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
            "networks": conf.networks(),
            "asked": asked.fields,
            "texts": _texts(),
        },
    }


def _profile(request: HttpRequest, *, error: WalletError | None = None) -> HttpResponse:
    context = {"wallets": _wallets(request), "error": error, "max_label": forms.MAX_LABEL}
    status = HTTPStatus.OK if error is None else STATUS[error.code]
    return render(request, "moralis/profile.html", context, status=status)


def _wallets(request: HttpRequest) -> list[MoralisAccount]:
    """The wallets of who is signed in, the oldest first."""
    accounts = SocialAccount.objects.filter(user_id=request.user.pk, provider=MoralisProvider.id)
    return [account.get_provider_account() for account in accounts.order_by("date_joined")]


def _user(request: HttpRequest) -> "AbstractBaseUser":
    return cast("AbstractBaseUser", request.user)  # says login_required


def _alternatives(request: HttpRequest, asked: Asked) -> list[dict[str, str]]:
    """allauth's other ways to confirm one's access, as its own pages offer them."""
    try:
        methods = get_account_adapter().get_reauthentication_methods(request.user)
    except NoReverseMatch:  # HEADLESS_ONLY
        return []
    return [
        {**method, "url": _with_next(method["url"], asked.next)}
        for method in methods
        if method["id"] != MoralisProvider.id and method["url"] != request.path
    ]


def _login_url(next_url: str) -> str | None:
    """The way in by e-mail, where the site has one."""
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return None
    try:
        url = reverse("account_login")
    except NoReverseMatch:  # HEADLESS_ONLY
        return None
    return _with_next(url, next_url)


def _with_next(url: str, next_url: str) -> str:
    return f"{url}?{urlencode({'next': next_url})}" if next_url else url


def _texts() -> dict[str, str]:
    """What the page's script says."""
    return {
        "searching": _("Looking for wallets in this browser…"),
        "choose": _("Choose the wallet to use."),
        "browserWallet": _("Browser wallet"),
        "connecting": _(
            "Open your wallet and allow this site to see your address. If nothing opens, press the "
            "button again."
        ),
        "preparing": _("Preparing the text to sign…"),
        "signing": _("Read the text in your wallet, then sign it. Signing costs nothing."),
        "verifying": _("Checking the signature…"),
        "none": _(
            "No wallet was found in this browser. Install a wallet extension, or open this page in "
            "the browser of your wallet's app, and reload it."
        ),
        "rejected": _("You declined in your wallet. Nothing happened; you can try again."),
        "pending": _(
            "Your wallet is already asking you something. Open it, answer, and try again."
        ),
        "locked": _("Your wallet gave no account. Unlock it, choose an account, and try again."),
        "walletFailed": _(
            "Your wallet could not do this. Open it, check that it works, and try again."
        ),
        "network": _("This site could not be reached. Check your connection and try again."),
        "reload": _("Something on this page is out of date. Reload it and try again."),
    }


def with_retry_after(response: HttpResponse, error: WalletError) -> HttpResponse:
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
