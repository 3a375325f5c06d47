"""Proving again, by the wallet, that it is still you: for what should not be done by whoever finds
a browser that is signed in.

allauth asks for a password or a second factor again; a user who has nothing but a wallet it lets
pass. Here a decorator for views of the site's own, and, in ``adapter.py``, what makes allauth's.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.mixins import AccessMixin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from .conf import PROVIDER_ID

SESSION_KEY = "allauth_moralis_proven"
REAUTHENTICATE = "reauthenticate"
MAX_AGE = 300  # seconds, as allauth's REAUTHENTICATION_TIMEOUT

View = Callable[..., HttpResponseBase]


def remember(request: HttpRequest, uid: str) -> None:
    """This session's user has just proven that they hold the wallet ``uid``."""
    request.session[SESSION_KEY] = {"user": str(request.user.pk), "uid": uid, "at": time.time()}


def current_wallet(request: HttpRequest) -> str | None:
    """The ``uid`` of the wallet that this session's user came in with, or proved last."""
    proof = request.session.get(SESSION_KEY) or {}
    return proof["uid"] if proof.get("user") == str(request.user.pk) else None


def is_proven(request: HttpRequest, max_age: float = MAX_AGE) -> bool:
    """Whether this session's user proved a wallet of theirs in the last ``max_age`` seconds.

    One that was removed meanwhile, perhaps because its key was stolen, proves nothing.
    """
    if not request.user.is_authenticated or (uid := current_wallet(request)) is None:
        return False
    if time.time() - request.session[SESSION_KEY]["at"] >= max_age:
        return False
    return has_wallet(request.user, uid=uid)


def has_wallet(user: AbstractBaseUser | AnonymousUser, **which: str) -> bool:
    """Whether a wallet is linked to the user's account, or the one with this ``uid``."""
    if not user.is_authenticated:
        return False
    # Where it is written: a copy may still have one that was removed.
    rows = SocialAccount.objects.using(router.db_for_write(SocialAccount))
    return bool(rows.filter(user_id=user.pk, provider=PROVIDER_ID, **which).exists())


#: Raises ``ReauthenticationRequired`` where allauth wants people to confirm their access before
#: they link.
confirm_access: Callable[[HttpRequest], None] = reauthentication_required(
    app="allauth.socialaccount"
)(lambda request: None)  # noqa: ARG005 - the decorator is what counts


def forget(request: HttpRequest, uid: str) -> None:
    """The wallet ``uid`` is no longer the session's, if it was."""
    if current_wallet(request) == uid:
        del request.session[SESSION_KEY]


def ask(request: HttpRequest) -> HttpResponse:
    """Off to the wallet page, and back to this address, which is then asked for by GET."""
    query = urlencode({"process": REAUTHENTICATE, "next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{query}")


def wallet_proof_required(
    view: View | None = None, *, max_age: float = MAX_AGE
) -> View | Callable[[View], View]:
    """Let nobody into ``view`` whose wallet was not proven in the last ``max_age`` seconds.

    Signing in with the wallet is a proof as well. Who is not signed in is sent to log in.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not is_proven(request, max_age):
                return ask(request)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate if view is None else decorate(view)


class WalletProofRequiredMixin(AccessMixin):
    """``wallet_proof_required`` for class-based views; ``wallet_proof_max_age`` is in seconds."""

    wallet_proof_max_age: float = MAX_AGE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not is_proven(request, self.wallet_proof_max_age):
            return ask(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # View's, beside this mixin
        return response
