"""Template tags for a site's own pages: ``{% load moralis %}``."""

from collections.abc import Sequence
from typing import Any

from allauth import app_settings as allauth_settings
from django import template
from django.http import HttpRequest
from django.template import TemplateSyntaxError
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from .. import conf
from ..development.reach import is_within_reach
from ..forms import PROCESSES
from ..internal.contexts import goes_on
from ..internal.disconnect import has_only_a_wallet
from ..internal.embedding import picker
from ..internal.scripts import scripts
from ..reauthentication import current_wallet
from ..siwx.marks import Mark
from ..siwx.wallets import EVM, SOLANA, Wallet

#: Networks whose wallets tell a page their account without asking the person first.
WATCHED = (EVM, SOLANA)

register = template.Library()


@register.inclusion_tag("moralis/snippets/wallet_watch.html", takes_context=True)
def moralis_wallet_watch(context: dict[str, Any], on_change: str = "banner") -> dict[str, Any]:
    """Render a banner that appears when the wallet is switched to an account other than this one.

    It is for people who signed in with an EVM or Solana wallet; for others nothing is rendered.
    With ``on_change="logout"`` a switch of accounts while the page is open signs the person out, by
    POST, instead. Switching chains matters to contract wallets alone, which are on one chain: it
    shows the banner, and signs no one out.
    """
    if on_change not in ("banner", "logout"):
        raise TemplateSyntaxError('on_change is "banner" or "logout"')
    request = context.get("request")  # error pages are rendered without one
    uid = moralis_current_wallet(context)
    if request is None or uid is None:
        return {"wallet": None}
    wallet = Wallet.from_uid(uid)
    if wallet.network not in WATCHED:
        return {"wallet": None}
    return {
        "request": request,
        "wallet": wallet,
        "on_change": on_change,
        "switch_url": f"{reverse('moralis_login')}?{urlencode({'next': request.get_full_path()})}",
        "logout_url": _logout_url(),
    }


@register.simple_tag(takes_context=True)
def moralis_current_wallet(context: dict[str, Any]) -> str | None:
    """Return the ``uid`` of the wallet that this session signed in with or proved last, if any."""
    request = context.get("request")
    return current_wallet(request) if request is not None and _user(request) else None


@register.inclusion_tag("moralis/snippets/wallets.html", takes_context=True)
def moralis_wallets(
    context: dict[str, Any],
    process: str = "login",
    next: str | None = None,  # noqa: A002 - as allauth's provider_login_url has it
) -> dict[str, Any]:
    """Render the picker of wallets, by which people sign in without leaving the page.

    With ``process="connect"`` it links a wallet, with ``process="reauthenticate"`` it confirms.
    Without ``next`` that of the page's own query counts.
    """
    if process not in PROCESSES:
        raise TemplateSyntaxError(f"process is one of {', '.join(PROCESSES)}")
    request = context.get("request")
    if request is None or not hasattr(request, "user"):  # an error page
        return {}
    return picker(request, process, next)


@register.inclusion_tag("moralis/snippets/one_way_in.html", takes_context=True)
def moralis_one_way_in(context: dict[str, Any]) -> dict[str, Any]:
    """Render a warning, with what to do about it, if one wallet is the only way into the account.

    For everyone else nothing is rendered.
    """
    request = context.get("request")
    user = _user(request)
    if user is None or not has_only_a_wallet(user):
        return {"shown": False}
    return {"shown": True, "request": request, "passkeys": _passkeys_open()}


@register.inclusion_tag("moralis/snippets/mark.html")
def moralis_mark(uid: str) -> dict[str, Any]:
    """Render the small drawing of a wallet's ``uid``, beside which its address must stand."""
    return {"mark": Mark.of(uid)}


@register.inclusion_tag("moralis/snippets/ens_names.html")
def moralis_ens_names() -> dict[str, Any]:
    """Render the script that fills in the ENS names of the viewer's own wallets, if they are on."""
    return {"shown": conf.current().shows_names}


@register.inclusion_tag("moralis/snippets/goes_on.html", takes_context=True)
def moralis_goes_on(context: dict[str, Any]) -> dict[str, Any]:
    """Render, on a page for reauthentication, a sentence on what will be resumed afterwards."""
    request = context.get("request")
    return {"sentence": goes_on(request) if request is not None and _user(request) else None}


@register.inclusion_tag("moralis/snippets/scripts.html")
def moralis_scripts(entry: str, networks: Sequence[str] = ()) -> dict[str, Any]:
    """Render a script of ours, with links that have the browser load all that it imports at once.

    ``networks`` are those for which the page offers wallets.
    """
    known = scripts()
    first, *others = known.needed_by(entry, *(f"{network}.js" for network in networks))
    src = reverse("moralis_script", args=[known.version, first])
    folder = src.removesuffix(first)
    return {"src": src, "preloads": [folder + name for name in others]}


@register.inclusion_tag("moralis/snippets/development_wallet.html", takes_context=True)
def moralis_development_wallet(context: dict[str, Any]) -> dict[str, Any]:
    """Render the development wallet, if ``DEBUG`` is on and the browser is on this machine."""
    request = context.get("request")
    if request is None or not is_within_reach(request):
        return {"chain_id": None}
    chains = conf.current().chains
    return {"chain_id": hex(min(chains) if chains else 1)}


def _user(request: HttpRequest | None) -> Any:
    """Return the user who is signed in, if any. Error pages may have no request, or no user."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def _passkeys_open() -> bool:
    if not allauth_settings.MFA_ENABLED:
        return False
    from allauth.mfa import app_settings  # noqa: PLC0415 - its models are there only where it is installed

    return bool(app_settings.PASSKEY_LOGIN_ENABLED)


def _logout_url() -> str | None:
    try:
        return reverse("account_logout")
    except NoReverseMatch:  # HEADLESS_ONLY: there is nothing to post to
        return None
