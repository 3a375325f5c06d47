"""Is it still them? What counts as recent proof of who is at a browser, and what requires it.

This module is the one place of that policy. allauth asks for a password, a code or a second factor
before it changes an account, and refuses people who have none of these. Here a wallet is one more
way, and some changes require proof whatever the site's settings say. Nothing that an intruder can
create in a browser that its owner left open may count as proof: that is why a first password,
another wallet or an e-mail address is added only after recent proof.

* People who have a second factor must use that one. The wallet may be unlocked in the very browser
  that somebody else has found.
* A signature of a linked wallet is proof, whether to sign in or to reauthenticate.
* What allauth accepts as reauthentication is proof too.
* Signing in by other means is proof where allauth itself does not require reauthentication.

Each proof counts for ``ACCOUNT_REAUTHENTICATION_TIMEOUT`` seconds.
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
from .exceptions import LoginRequired, SignInIsOld, WalletNotLinked, WalletOfAnotherChain
from .internal import allauth_private, home
from .internal.allauth_private import has_second_factor, is_headless
from .siwx.wallets import Wallet

SESSION_KEY = "allauth_moralis_proven"
SIGNED_IN_KEY = "allauth_moralis_signed_in_at"
HELD_UP_KEY = "allauth_moralis_held_up_at"
REAUTHENTICATE = "reauthenticate"
#: Attribute of a request that was told to reauthenticate.
REQUIRED = "allauth_moralis_reauthentication_required"
HELD_UP_FOR = 300  # seconds; a form that has waited for longer may be somebody else's
MAX_AGE = 300  # seconds, as allauth's ACCOUNT_REAUTHENTICATION_TIMEOUT

#: The app of allauth in which accounts are connected, so wallets linked.
LINKS = "allauth.socialaccount"
#: The apps of allauth whose changes always require proof from the accounts of wallets, because they
#: open an account or lead to it: first passwords, e-mail addresses, connected accounts. allauth's
#: settings may leave these unguarded; second factors it guards always.
GUARDED = ("allauth.account", LINKS)
#: Attribute of a request whose user may link a wallet now. allauth asks once more before it links,
#: and refuses people who have nothing to confirm by.
MAY_LINK = "allauth_moralis_may_link"

#: Our own pages, which hold up no form and write nothing.
OUR_PAGES = ("moralis_login", "moralis_reauthenticate")

View = Callable[..., HttpResponseBase]


# --- What the session remembers ---------------------------------------------------------------


def remember_sign_in(request: HttpRequest) -> None:
    """Remember that somebody has just signed in, by whatever means."""
    request.session[SIGNED_IN_KEY] = time.time()


def remember(request: HttpRequest, uid: str) -> None:
    """Remember that this session's user has just proven that they hold the wallet ``uid``."""
    request.session[SESSION_KEY] = {"user": str(request.user.pk), "uid": uid, "at": time.time()}


def forget(request: HttpRequest, uid: str) -> None:
    """Forget the wallet ``uid`` if it is the one that this session remembers."""
    if current_wallet(request) == uid:
        del request.session[SESSION_KEY]


def current_wallet(request: HttpRequest) -> str | None:
    """Return the ``uid`` of the wallet that this session's user signed in with or proved last."""
    proof = request.session.get(SESSION_KEY) or {}
    return proof["uid"] if proof.get("user") == str(request.user.pk) else None


# --- Proof ------------------------------------------------------------------------------------


def is_proven(request: HttpRequest, max_age: float = MAX_AGE) -> bool:
    """Return whether this session's user proved a wallet of theirs within ``max_age`` seconds.

    A wallet that has been removed since, perhaps because its key was stolen, proves nothing.
    """
    if not request.user.is_authenticated or (uid := current_wallet(request)) is None:
        return False
    if time.time() - request.session[SESSION_KEY]["at"] >= max_age:
        return False
    return has_wallet(request.user, uid=uid)


def is_confirmed(request: HttpRequest, *, by_allauths_rules: bool) -> bool:
    """Return whether there is recent proof of who is at this browser.

    ``by_allauths_rules`` tells whether allauth itself requires it. Then signing in by other means
    than a wallet is not proof, nor is reauthentication by a method that is not in
    ``ACCOUNT_REAUTHENTICATION_METHODS``.
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
    """Return whether a wallet, or the one with this ``uid``, is linked to the user's account."""
    if not user.is_authenticated:
        return False
    # From the database that is written to: a replica may still have a wallet that was removed.
    rows = SocialAccount.objects.using(router.db_for_write(SocialAccount))
    return bool(rows.filter(user_id=user.pk, provider=PROVIDER_ID, **which).exists())


def may_confirm_by_wallet(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether allauth accepts a wallet as this user's reauthentication."""
    return has_wallet(user) and not has_second_factor(user)


def confirm(request: HttpRequest, wallet: Wallet) -> None:
    """Record that a wallet has signed to reauthenticate the user who is signed in.

    No one is signed in or out, and nothing is linked. Raise ``WalletNotLinked`` if the wallet is
    not linked to the user's account. A contract may be another's on another chain, so its yes
    confirms neither the same address there nor the key of that address.
    """
    if not has_wallet(request.user, uid=wallet.uid):
        is_contract = wallet.chain_id is not None
        if is_contract and has_wallet(request.user, uid__endswith=f":{wallet.address}"):
            raise WalletOfAnotherChain
        raise WalletNotLinked
    remember(request, wallet.uid)
    if not has_second_factor(request.user):
        allauth_private.record_reauthentication(request, wallet.uid)


# --- What requires proof ----------------------------------------------------------------------


def is_required(request: HttpRequest, *, app: str, by_allauth: bool) -> bool:
    """Decide what the account adapter's ``is_reauthentication_required`` returns for ``app``.

    ``by_allauth`` is what allauth itself would return. Raise ``ReauthenticationRequired`` for the
    account of a wallet without recent proof, rather than return ``True``: allauth would then go on
    to apply its own rules of what counts as proof, and from whom.
    """
    if not has_wallet(request.user):
        links = app == LINKS and getattr(request, MAY_LINK, False)
        return by_allauth and not links
    if not (by_allauth or app in GUARDED):
        return False
    if is_confirmed(request, by_allauths_rules=by_allauth):
        return False
    raise _required(request)


def require_for_linking(request: HttpRequest) -> None:
    """Raise unless a wallet may now be linked to the account of the user who is signed in.

    Raise ``LoginRequired`` if no user is signed in, ``ReauthenticationRequired`` if they can
    reauthenticate, and ``SignInIsOld`` if all they can do is to sign in again.
    """
    if not request.user.is_authenticated:
        raise LoginRequired
    try:
        _require_by_allauths_rules(request)
    except ReauthenticationRequired:
        if has_wallet(request.user) or allauth_private.can_confirm(request.user):
            raise
        # For people who have nothing to confirm by, a sign-in is all the proof that there can be.
    if is_confirmed(request, by_allauths_rules=False):
        setattr(request, MAY_LINK, True)
        return
    raise _required(request) if methods_of(request) or is_headless(request) else SignInIsOld


def _required(request: HttpRequest) -> ReauthenticationRequired:
    setattr(request, REQUIRED, True)
    return ReauthenticationRequired()


def is_required_by_wallet(request: HttpRequest) -> bool:
    """Return whether this request was told to reauthenticate, and a wallet will do."""
    return getattr(request, REQUIRED, False) and may_confirm_by_wallet(request.user)


#: Raises ``ReauthenticationRequired`` if allauth requires it before an account is connected.
_require_by_allauths_rules: Callable[[HttpRequest], None] = reauthentication_required(app=LINKS)(
    lambda request: None  # noqa: ARG005 - the decorator is what counts
)


def methods(
    user: AbstractBaseUser | AnonymousUser, others: list[dict[str, str]]
) -> list[dict[str, str]]:
    """Return the methods by which ``user`` can reauthenticate, best first.

    Each is a mapping of ``id``, ``description`` and ``url``; ``others`` are allauth's own.
    """
    if not has_wallet(user):
        return others
    if has_second_factor(user):
        return [method for method in others if method["id"].startswith("mfa_")]
    url = reverse("moralis_reauthenticate")
    ours = {"id": PROVIDER_ID, "description": _("Use your wallet"), "url": url}
    return [*(method for method in others if method["id"] != PROVIDER_ID), ours]


def methods_of(request: HttpRequest) -> list[dict[str, str]]:
    """Return the methods by which the user who is signed in can reauthenticate, best first.

    The wallet is among them whether or not the site's adapter has ``WalletReauthenticationMixin``.
    """
    try:
        others = get_account_adapter().get_reauthentication_methods(request.user)
    except NoReverseMatch:  # HEADLESS_ONLY: there are no pages of allauth
        others = []
    return methods(request.user, others)


def redirect_to_best_method(request: HttpRequest, next_url: str) -> HttpResponse | None:
    """Redirect to the best page on which to reauthenticate, and from there to ``next_url``.

    Return ``None`` if there is no such page.
    """
    found = methods_of(request)
    if not found:
        return None
    return HttpResponseRedirect(f"{found[0]['url']}?{urlencode({'next': next_url})}")


# --- The form that allauth holds up until people have reauthenticated --------------------------


def drop_stale_form(request: HttpRequest) -> None:
    """Forget a form, or link, that has been held up for longer than ``HELD_UP_FOR``.

    Perhaps somebody else sent it, and the owner's next reauthentication must not carry it out.
    allauth does not record when it held something up. But it asks for the methods right before it
    does so, and on each page on which people reauthenticate, and so this function is called then.
    """
    waits = _waits(request)
    if not waits:
        allauth_private.drop_held_up(request)
    match = request.resolver_match
    is_our_page = match is not None and match.url_name in OUR_PAGES
    if request.method == "POST" or not (waits or is_our_page):
        request.session[HELD_UP_KEY] = time.time()


def held_up_path(request: HttpRequest) -> str | None:
    """Return the path of the form that is resumed after reauthentication, if one waits."""
    return allauth_private.held_up_path(request) if _waits(request) else None


def resume(request: HttpRequest, next_url: str | None, home: str) -> HttpResponseBase:
    """Resume what was held up, if anything was; otherwise redirect to ``next_url`` or ``home``."""
    if not _waits(request):
        allauth_private.drop_held_up(request)
    return allauth_private.resume(request, next_url, home)


def _waits(request: HttpRequest) -> bool:
    is_recent = time.time() - request.session.get(HELD_UP_KEY, 0) < HELD_UP_FOR
    return is_recent and allauth_private.is_held_up(request)


# --- For a site's own views -------------------------------------------------------------------


def redirect_to_wallet_page(request: HttpRequest) -> HttpResponse:
    """Redirect to the wallet page to reauthenticate, and from there, by GET, back to this URL."""
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
    """Decorate a view so that it requires a wallet proof of the last ``max_age`` seconds.

    Signing in with the wallet counts as well. People without a recent proof are sent to the wallet
    page, and people who are not signed in to the login page; both come back by GET.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), home.log_in_page())
            if not is_proven(request, max_age):
                return redirect_to_wallet_page(request)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate if view is None else decorate(view)


class WalletProofRequiredMixin(AccessMixin):
    """The counterpart of ``wallet_proof_required`` for class-based views.

    ``wallet_proof_max_age`` is a number of seconds.
    """

    wallet_proof_max_age: float = MAX_AGE

    def get_login_url(self) -> str:
        return str(self.login_url or home.log_in_page())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not is_proven(request, self.wallet_proof_max_age):
            return redirect_to_wallet_page(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # View's, beside this mixin
        return response
