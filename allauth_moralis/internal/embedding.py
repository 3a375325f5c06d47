"""The picker of wallets in a page of the site's own."""

from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.providers.base import AuthProcess
from allauth.utils import get_request_param
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.urls import reverse

from ..backends import issuing_backend
from ..exceptions import SignInIsOld, UpstreamUnavailable, WalletError
from ..reauthentication import require_for_linking
from .contexts import PageRequest, wallet_page


def picker(request: HttpRequest, process: str, next_url: str | None) -> dict[str, Any]:
    """Return the context of a picker, or of a link to the wallet page.

    It is a link where people must sign in or reauthenticate first. Without a ``next_url``, that of
    the page's own query, or of the form that was sent to it, counts.
    """
    if next_url is None:
        next_url = get_request_param(request, REDIRECT_FIELD_NAME)
    # It may be lazy, as the URLs of class-based views are.
    page_request = PageRequest.parse({"process": process, "next": str(next_url or "")})
    try:
        error = _refusal(request, process)
    except ReauthenticationRequired:
        return _link(request, page_request)
    context = wallet_page(request, page_request, error=error)
    if context["sign_in_first"]:
        return _link(request, page_request)
    return {**context, "request": request, "email_url": _email_url(request, context)}


def _refusal(request: HttpRequest, process: str) -> WalletError | None:
    """Return what people should know before they press a button and wait."""
    if process == AuthProcess.CONNECT and request.user.is_authenticated:
        try:
            require_for_linking(request)
        except SignInIsOld as old:
            return old
    return None if issuing_backend().available else UpstreamUnavailable()


def _link(request: HttpRequest, page_request: PageRequest) -> dict[str, Any]:
    url = f"{reverse('moralis_login')}?{page_request.query}"
    return {"request": request, "page_request": page_request, "page_url": url}


def _email_url(request: HttpRequest, context: dict[str, Any]) -> str | None:
    """Return where people sign in by e-mail, unless they are there."""
    url: str | None = context["login_url"]
    is_login = context["page_request"].process == AuthProcess.LOGIN
    if not url or not is_login or url.partition("?")[0] == request.path:
        return None
    return url
