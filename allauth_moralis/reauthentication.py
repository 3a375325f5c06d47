"""Is it still them? What counts as recent proof of who is at a browser, and what wants one.

The one place of that policy. allauth asks for a password, a code or a second factor before it
changes an account, and refuses whoever has none of these; here a wallet is one more way, and some
changes want proof whatever the site's settings say. What an intruder can make for himself in a
browser that its owner left open must not prove anything: a first password, another wallet or an
address is therefore added only after recent proof.

* Who has a second factor shows that one. The wallet may be open in the very browser that somebody
  else has found.
* A signature of a linked wallet is proof, to sign in or to confirm.
* What allauth takes as a confirmation is proof too.
* A sign-in by other means is proof where allauth itself does not ask for a confirmation.

Each counts for ``ACCOUNT_REAUTHENTICATION_TIMEOUT`` seconds.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.mixins import AccessMixin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .conf import PROVIDER_ID
from .exceptions import LoginRequired, SignInIsOld, WalletNotLinked
from .internal import allauth_private, home
from .internal.allauth_private import has_second_factor, is_headless

SESSION_KEY = "allauth_moralis_proven"
SIGNED_IN_KEY = "allauth_moralis_signed_in_at"
HELD_UP_KEY = "allauth_moralis_held_up_at"
REAUTHENTICATE = "reauthenticate"
WANTED = "allauth_moralis_reauthentication_required"
HELD_UP_FOR = 300  # seconds; a form that waits for longer may be somebody else's
MAX_AGE = 300  # seconds, as allauth's ACCOUNT_REAUTHENTICATION_TIMEOUT

#: What allauth's settings may leave unguarded, and what opens an account or leads to it: first
#: passwords and addresses, connected accounts. Second factors it always guards.
LINKS = "allauth.socialaccount"
GUARDED = ("allauth.account", LINKS)
#: On a request whose user may link a wallet now: allauth asks once more, and refuses whoever has
#: nothing to confirm by.
MAY_LINK = "allauth_moralis_may_link"

#: They hold nothing up, and write nothing.
OUR_PAGES = ("moralis_login", "moralis_reauthenticate")

View = Callable[..., HttpResponseBase]


# --- What the session remembers ---------------------------------------------------------------


def remember_sign_in(request: HttpRequest) -> None:
    """Somebody has just signed in, by whatever means."""
    request.session[SIGNED_IN_KEY] = time.time()


def remember(request: HttpRequest, uid: str) -> None:
    """This session's user has just proven that they hold the wallet ``uid``."""
    request.session[SESSION_KEY] = {"user": str(request.user.pk), "uid": uid, "at": time.time()}


def forget(request: HttpRequest, uid: str) -> None:
    """The wallet ``uid`` is no longer the session's, if it was."""
    if current_wallet(request) == uid:
        del request.session[SESSION_KEY]


def current_wallet(request: HttpRequest) -> str | None:
    """The ``uid`` of the wallet that this session's user signed in with, or proved last."""
    proof = request.session.get(SESSION_KEY) or {}
    return proof["uid"] if proof.get("user") == str(request.user.pk) else None


# --- Proof ------------------------------------------------------------------------------------


def is_proven(request: HttpRequest, max_age: float = MAX_AGE) -> bool:
    """Whether this session's user proved a wallet of theirs in the last ``max_age`` seconds.

    One that was removed since, perhaps because its key was stolen, proves nothing.
    """
    if not request.user.is_authenticated or (uid := current_wallet(request)) is None:
        return False
    if time.time() - request.session[SESSION_KEY]["at"] >= max_age:
        return False
    return has_wallet(request.user, uid=uid)


def is_confirmed(request: HttpRequest, *, by_allauths_rules: bool) -> bool:
    """Whether there is recent proof of who is at this browser.

    ``by_allauths_rules``: whether allauth itself asks. Then a sign-in by other means than a wallet
    is none, nor is a confirmation by a method that ``ACCOUNT_REAUTHENTICATION_METHODS`` leaves out.
    """
    if not request.user.is_authenticated:
        return False
    records = [
        record
        for record in get_authentication_records(request, request.user)
        if _is_recent(record["at"])
    ]
    confirmations = [record for record in records if record.get("reauthenticated")]
    if has_second_factor(request.user):
        shown = confirmations if by_allauths_rules else records
        return any(record["method"] == "mfa" for record in shown)
    methods = account_settings.REAUTHENTICATION_METHODS
    return (
        is_proven(request, account_settings.REAUTHENTICATION_TIMEOUT)
        or any(record["method"] in methods for record in confirmations)
        or (not by_allauths_rules and _is_recent(request.session.get(SIGNED_IN_KEY, 0)))
    )


def _is_recent(at: float) -> bool:
    return bool(time.time() - at < account_settings.REAUTHENTICATION_TIMEOUT)


def has_wallet(user: AbstractBaseUser | AnonymousUser, **which: str) -> bool:
    """Whether a wallet is linked to the user's account, or the one with this ``uid``."""
    if not user.is_authenticated:
        return False
    # Where it is written: a copy may still have one that was removed.
    rows = SocialAccount.objects.using(router.db_for_write(SocialAccount))
    return bool(rows.filter(user_id=user.pk, provider=PROVIDER_ID, **which).exists())


def may_confirm_by_wallet(user: AbstractBaseUser | AnonymousUser) -> bool:
    return has_wallet(user) and not has_second_factor(user)


def confirm(request: HttpRequest, uid: str) -> None:
    """A wallet has signed that it is still them: nobody is signed in or out, nothing is linked.

    Raises ``WalletNotLinked`` where the wallet is not the account's.
    """
    if not has_wallet(request.user, uid=uid):
        raise WalletNotLinked
    remember(request, uid)
    if not has_second_factor(request.user):
        allauth_private.record_reauthentication(request, uid)


# --- What wants proof -------------------------------------------------------------------------


def is_required(request: HttpRequest, *, app: str, by_allauth: bool) -> bool:
    """What the account adapter's ``is_reauthentication_required`` is to answer for ``app``.

    ``by_allauth`` is allauth's own answer. Raises ``ReauthenticationRequired`` for the account of a
    wallet without recent proof: allauth would still count what it takes for proof, and for whom.
    """
    if not has_wallet(request.user):
        links = app == LINKS and getattr(request, MAY_LINK, False)
        return by_allauth and not links
    if not (by_allauth or app in GUARDED):
        return False
    if is_confirmed(request, by_allauths_rules=by_allauth):
        return False
    request.session[HELD_UP_KEY] = time.time()
    raise _wanted(request)


def require_for_linking(request: HttpRequest) -> None:
    """Raise unless a wallet may be linked to the account of who is signed in.

    ``ReauthenticationRequired`` where they can confirm that it is them, ``SignInIsOld`` where all
    that they can do is to sign in again.
    """
    if not request.user.is_authenticated:
        raise LoginRequired
    try:
        _ask_by_allauths_rules(request)
    except ReauthenticationRequired:
        if has_wallet(request.user) or allauth_private.can_confirm(request.user):
            raise
        # Of who has nothing to confirm by, the sign-in is all the proof that there can be.
    if is_confirmed(request, by_allauths_rules=False):
        setattr(request, MAY_LINK, True)
        return
    raise _wanted(request) if methods_of(request) or is_headless(request) else SignInIsOld


def _wanted(request: HttpRequest) -> ReauthenticationRequired:
    setattr(request, WANTED, True)
    return ReauthenticationRequired()


def can_answer_by_wallet(request: HttpRequest) -> bool:
    """Whether this request was told to confirm first, and a wallet will do: for its answer."""
    return getattr(request, WANTED, False) and may_confirm_by_wallet(request.user)


#: Raises ``ReauthenticationRequired`` where allauth wants a confirmation before anything is linked.
_ask_by_allauths_rules: Callable[[HttpRequest], None] = reauthentication_required(app=LINKS)(
    lambda request: None  # noqa: ARG005 - the decorator is what counts
)


def methods(
    user: AbstractBaseUser | AnonymousUser, others: list[dict[str, str]]
) -> list[dict[str, str]]:
    """By what ``user`` can confirm that it is them, given allauth's ``others``; best first."""
    if not has_wallet(user):
        return others
    if has_second_factor(user):
        return [method for method in others if method["id"].startswith("mfa_")]
    url = reverse("moralis_reauthenticate")
    ours = {"id": PROVIDER_ID, "description": _("Use your wallet"), "url": url}
    return [*(method for method in others if method["id"] != PROVIDER_ID), ours]


def methods_of(request: HttpRequest) -> list[dict[str, str]]:
    """The same for who is signed in, whether or not the site's adapter has our mixin."""
    try:
        others = get_account_adapter().get_reauthentication_methods(request.user)
    except NoReverseMatch:  # HEADLESS_ONLY: allauth has no pages there
        others = []
    return methods(request.user, others)


def ask_first(request: HttpRequest, next_url: str) -> HttpResponse | None:
    """Off to the best way to confirm, and then to ``next_url``; ``None`` if no page asks."""
    found = methods_of(request)
    if not found:
        return None
    return HttpResponseRedirect(f"{found[0]['url']}?{urlencode({'next': next_url})}")


# --- A form that allauth holds up until then ---------------------------------------------------


def drop_stale_form(request: HttpRequest) -> None:
    """Forget a form, or a link, that has waited for longer than ``HELD_UP_FOR``.

    It was perhaps somebody else who sent it, and its owner's next confirmation must not carry it
    out. allauth keeps no time; it asks for the methods right before it keeps something, and on each
    of the pages where one confirms.
    """
    waits = _waits(request)
    if not waits:
        allauth_private.drop_held_up(request)
    match = request.resolver_match
    is_our_page = match is not None and match.url_name in OUR_PAGES
    if request.method == "POST" or not (waits or is_our_page):
        request.session[HELD_UP_KEY] = time.time()


def held_up_path(request: HttpRequest) -> str | None:
    """The path of the form that goes on after a confirmation, if one waits."""
    return allauth_private.held_up_path(request) if _waits(request) else None


def resume(request: HttpRequest, next_url: str | None, home: str) -> HttpResponseBase:
    """Go on with what was held up; else to ``next_url``, or ``home``."""
    if not _waits(request):
        allauth_private.drop_held_up(request)
    return allauth_private.resume(request, next_url, home)


def _waits(request: HttpRequest) -> bool:
    is_recent = time.time() - request.session.get(HELD_UP_KEY, 0) < HELD_UP_FOR
    return is_recent and allauth_private.is_held_up(request)


# --- For a site's own views -------------------------------------------------------------------


def ask(request: HttpRequest) -> HttpResponse:
    """Off to the wallet page, and back to this address, which is then asked for by GET."""
    query = urlencode({"process": REAUTHENTICATE, "next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{query}")


@overload
def wallet_proof_required(view: View, *, max_age: float = MAX_AGE) -> View: ...


@overload
def wallet_proof_required(
    view: None = None, *, max_age: float = MAX_AGE
) -> Callable[[View], View]: ...


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
                return redirect_to_login(request.get_full_path(), home.log_in_page())
            if not is_proven(request, max_age):
                return ask(request)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate if view is None else decorate(view)


class WalletProofRequiredMixin(AccessMixin):
    """``wallet_proof_required`` for class-based views; ``wallet_proof_max_age`` is in seconds."""

    wallet_proof_max_age: float = MAX_AGE

    def get_login_url(self) -> str:
        return str(self.login_url or home.log_in_page())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not is_proven(request, self.wallet_proof_max_age):
            return ask(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # View's, beside this mixin
        return response
