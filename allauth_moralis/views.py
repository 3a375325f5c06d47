"""The pages and the endpoints of their script. The work is done in ``internal.flows``."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.ratelimit import consume_or_429
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import router, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_cache_control, patch_vary_headers
from django.utils.functional import lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import conf, forms
from .backends import issuing_backend
from .conf import PROVIDER_ID
from .devices.contexts import find as find_device
from .devices.states import DeviceRequest
from .exceptions import (
    ConfirmFirst,
    CsrfFailed,
    PageIsOld,
    SignInIsOld,
    UpstreamUnavailable,
    WalletError,
)
from .forms import DEVICE
from .internal import addresses, contexts, ens_names, flows, home, labels, reports
from .internal.contexts import PageRequest
from .internal.responses import describe, json_of, refusals
from .internal.scripts import scripts
from .reauthentication import redirect_to_best_method, require_for_linking

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: Looked up for each request, because the prefix under which the site is served may differ.
LOG_IN_PAGE = lazy(home.log_in_page, str)()
#: Attribute of a request: what its wallet page was for. It outlives the posted form.
PAGE_REQUEST: Final = "allauth_moralis_page_request"
YEAR: Final = 365 * 24 * 3600  # seconds


def refuse_json(_request: HttpRequest, error: WalletError) -> HttpResponse:
    if isinstance(error, CsrfFailed):
        error = PageIsOld()
    return JsonResponse(
        {"error": {"code": error.code, "message": str(error.message)}}, status=error.status
    )


def refuse_page(request: HttpRequest, error: WalletError) -> HttpResponse:
    """Show the wallet page again with the reason at the top, ready to start again."""
    page_request = getattr(request, PAGE_REQUEST, None)
    if page_request is None:  # no form, or one that was refused unread
        has_form = isinstance(error, CsrfFailed)
        page_request = PageRequest.posted(request.POST if has_form else request.GET)
    is_phone = page_request.process == DEVICE
    device = find_device(request, page_request.device) if is_phone else None
    response = wallet_page(request, page_request, error, error.status, device)
    # The browser may keep it for its Back button; "no-store" would leave an error page there.
    patch_cache_control(response, private=True, no_cache=True, max_age=0)
    return response


@require_safe
@never_cache
@login_not_required
@refusals(refuse_page, csrf=False)
def login(request: HttpRequest, process: str | None = None) -> HttpResponse:
    """Show the wallet page. It writes nothing."""
    # People should not press a button and wait before they are told.
    error: WalletError | None = None if issuing_backend().available else UpstreamUnavailable()
    page_request = PageRequest.parse(request.GET)
    if process is not None:
        page_request = PageRequest(process, page_request.next)
    if page_request.process == AuthProcess.CONNECT and request.user.is_authenticated:
        try:  # at once, rather than after they have signed
            require_for_linking(request)
        except ReauthenticationRequired:
            if response := redirect_to_best_method(request, request.get_full_path()):
                return response
        except SignInIsOld as old:
            error = old
    return wallet_page(request, page_request, error, HTTPStatus.OK)


def wallet_page(
    request: HttpRequest,
    page_request: PageRequest,
    error: WalletError | None,
    status: HTTPStatus,
    device: DeviceRequest | None = None,
) -> HttpResponse:
    """Show the wallet page; ``device`` is the request of another device that it is about."""
    context = contexts.wallet_page(request, page_request, error=error, device=device)
    response = render(request, _template(page_request, context), context, status=status)
    if settings.SECURE_CROSS_ORIGIN_OPENER_POLICY == "same-origin":
        # Django's default would cut the page off from the window that some wallets open.
        response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response


def _template(page_request: PageRequest, context: dict[str, Any]) -> str:
    if page_request.process != DEVICE:
        return "moralis/login.html"
    return "moralis/device.html" if context["device"] else "moralis/device_over.html"


@require_POST
@never_cache
@login_not_required
@transaction.non_atomic_requests  # no transaction waits for a service
@refusals(refuse_json)
def challenge(request: HttpRequest) -> HttpResponse:
    challenge_request = forms.parse_challenge_request(json_of(request))
    try:
        handle, pending = flows.issue_challenge(request, challenge_request)
    except ReauthenticationRequired:  # the page is old; once reloaded, it asks to reauthenticate
        raise ConfirmFirst from None
    return JsonResponse(describe(handle, pending))


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sensitive_post_parameters("challenge", "signature", "full_message")
# A rollback of the request must not give the challenge back; the flow has its own transaction.
@transaction.non_atomic_requests
@refusals(refuse_page, max_body=forms.MAX_PROOF_BODY)
def verify(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":  # the URL of a refusal was opened again
        return HttpResponseRedirect(reverse("moralis_login"))
    data, handle = request.POST, forms.handle_of(request.POST)
    reports.hide(request, *data.values())
    with flows.taken_challenge(request, handle) as pending:
        page_request = PageRequest.of(pending) if pending else PageRequest.posted(data)
        setattr(request, PAGE_REQUEST, page_request)
        # If the challenge has no "next", allauth would take one from this request, though it is not
        # bound to the challenge.
        request.GET = request.POST = QueryDict()
        try:
            response = flows.complete_login(request, handle, pending, data)
        except WalletError as error:
            tell_adapter(request, error, pending.login_state if pending else None)
            raise
    if response is None:
        response = render(request, "moralis/device_approved.html")
    add_never_cache_headers(response)
    return response


def tell_adapter(request: HttpRequest, error: WalletError, state: dict[str, Any] | None) -> None:
    """Tell the site's own adapter of a refusal, as allauth does for other providers."""
    get_adapter().on_authentication_error(
        request,
        get_adapter().get_provider(request, PROVIDER_ID),
        error=AuthError.UNKNOWN,
        exception=error,
        extra_context={"state": state},
    )


@require_safe
@login_not_required
@transaction.non_atomic_requests
def script(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """Serve one script of our pages. Whatever is at this version's address never changes."""
    found = scripts().by_name.get(name)
    if found is None:
        raise Http404
    response = HttpResponse(found.body, content_type="text/javascript; charset=utf-8")
    patch_vary_headers(response, ["Accept-Encoding"])
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = found.compressed
        response["Content-Encoding"] = "gzip"
    if version == scripts().version:
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:  # of another release, while a site is being deployed: what is here will do, but not stay
        add_never_cache_headers(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_not_required
@refusals(refuse_page)
def address(request: HttpRequest) -> HttpResponse:
    """Show where the confirmation e-mail was sent, and let people correct a mistyped address."""
    user = addresses.pending_user(request)
    if user is None:
        return HttpResponseRedirect(reverse("moralis_login"))
    shown = addresses.unconfirmed(user)
    form = forms.address_form(request, user)
    if form.is_bound:
        # As allauth counts its own page for addresses: each try sends a mail.
        refusal = consume_or_429(request, action="manage_email", user=user)
        if refusal is not None:
            return refusal
        with transaction.atomic(using=router.db_for_write(EmailAddress)):
            addresses.forget_unconfirmed(user)  # or the form would count what it replaces
            if form.is_valid():
                addresses.add(request, user, form.cleaned_data["email"])
                return HttpResponseRedirect(reverse("moralis_address"))
            transaction.set_rollback(True, using=router.db_for_write(EmailAddress))
    return render(request, "moralis/address.html", {"form": form, "address": shown})


def refuse_profile(request: HttpRequest, error: WalletError) -> HttpResponse:
    if not request.user.is_authenticated:  # or it cannot be known who they are
        return refuse_page(request, error)
    return _profile(request, error=error)


@require_safe
@never_cache
@refusals(refuse_profile, csrf=False)
@login_required(login_url=LOG_IN_PAGE)
def profile(request: HttpRequest) -> HttpResponse:
    return _profile(request)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@refusals(refuse_profile)
@login_required(login_url=LOG_IN_PAGE)
def label(request: HttpRequest) -> HttpResponse:
    """Store a person's own name for one of their wallets."""
    if request.method != "POST":  # people had to sign in again, and come back by its URL
        return HttpResponseRedirect(reverse("moralis_profile"))
    account, text = forms.parse_label(request.POST)
    labels.set_label(_user(request), account, text)
    return HttpResponseRedirect(reverse("moralis_profile"))


@require_safe
@never_cache
@login_required(login_url=LOG_IN_PAGE)
@transaction.non_atomic_requests  # no transaction waits for a node
def names(request: HttpRequest) -> HttpResponse:
    """Return the ENS names of the viewer's own wallets, by uid, to the script of a page."""
    if not conf.current().shows_names:
        raise Http404
    wallets = contexts.wallets_of(request)
    return JsonResponse(ens_names.names_of(request, [wallet.account for wallet in wallets]))


def _profile(request: HttpRequest, *, error: WalletError | None = None) -> HttpResponse:
    wallets = contexts.wallets_of(request)
    context = {"wallets": wallets, "error": error, "max_label": forms.MAX_LABEL}
    return render(
        request, "moralis/profile.html", context, status=error.status if error else HTTPStatus.OK
    )


def _user(request: HttpRequest) -> "AbstractBaseUser":
    return cast("AbstractBaseUser", request.user)  # login_required has seen to that
