"""``{% load moralis %}``: what a site's own pages may want to say of wallets."""

from typing import Any

from allauth import app_settings as allauth_settings
from allauth.socialaccount.models import SocialAccount
from django import template
from django.http import HttpRequest
from django.template import TemplateSyntaxError
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from .. import conf
from ..conf import PROVIDER_ID
from ..development.reach import is_within_reach
from ..internal.contexts import goes_on
from ..reauthentication import current_wallet
from ..siwx.wallets import EVM, SOLANA, network_of
from ..ways_in import has_one_way_in

#: Whose wallets tell their account without asking anybody.
WATCHED = (EVM, SOLANA)

register = template.Library()


@register.inclusion_tag("moralis/snippets/wallet_watch.html", takes_context=True)
def moralis_wallet_watch(context: dict[str, Any], on_change: str = "banner") -> dict[str, Any]:
    """A banner for pages of people who came in with an EVM or Solana wallet; nothing for others.

    ``on_change="logout"``: sign out, by POST, as soon as the wallet changes its account while the
    page is open. A change of chain never does anything.
    """
    if on_change not in ("banner", "logout"):
        raise TemplateSyntaxError('on_change is "banner" or "logout"')
    request = context.get("request")  # error pages are rendered without
    wallet = moralis_current_wallet(context)
    if not request or not wallet or network_of(wallet) not in WATCHED:
        return {"wallet": None}
    return {
        "request": request,
        "wallet": wallet,
        "network": network_of(wallet),
        "on_change": on_change,
        "switch_url": f"{reverse('moralis_login')}?{urlencode({'next': request.get_full_path()})}",
        "logout_url": _logout_url(),
    }


@register.simple_tag(takes_context=True)
def moralis_current_wallet(context: dict[str, Any]) -> str | None:
    """The ``uid`` of the wallet that this session came in with, or proved last."""
    request = context.get("request")
    return current_wallet(request) if request is not None and _user(request) else None


@register.inclusion_tag("moralis/snippets/one_way_in.html", takes_context=True)
def moralis_one_way_in(context: dict[str, Any]) -> dict[str, Any]:
    """A warning to those whose account opens by one wallet alone, with what they can do."""
    request = context.get("request")
    user = _user(request)
    if (
        user is None
        or not SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID).exists()
        or not has_one_way_in(user)
    ):
        return {"shown": False}
    return {"shown": True, "request": request, "passkeys": _passkeys_open()}


@register.inclusion_tag("moralis/snippets/goes_on.html", takes_context=True)
def moralis_goes_on(context: dict[str, Any]) -> dict[str, Any]:
    """On a page where one confirms that it is them: what will be carried out once they have."""
    request = context.get("request")
    return {"sentence": goes_on(request) if request is not None and _user(request) else None}


@register.inclusion_tag("moralis/snippets/development_wallet.html", takes_context=True)
def moralis_development_wallet(context: dict[str, Any]) -> dict[str, Any]:
    """A wallet with accounts of its own, on this machine while ``DEBUG`` is on; else nothing."""
    request = context.get("request")
    if request is None or not is_within_reach(request):
        return {"chain_id": None}
    chains = conf.current().chains
    return {"chain_id": hex(min(chains) if chains else 1)}


def _user(request: HttpRequest | None) -> Any:
    """Who is signed in. A page that tells of an early error has no request, or one without."""
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
