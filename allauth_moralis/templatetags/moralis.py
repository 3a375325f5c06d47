"""``{% load moralis %}{% moralis_wallet_watch %}``: does the wallet show another account?"""

from typing import Any

from django import template
from django.template import TemplateSyntaxError
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from ..proving import current_wallet

register = template.Library()


@register.inclusion_tag("moralis/snippets/wallet_watch.html", takes_context=True)
def moralis_wallet_watch(context: dict[str, Any], on_change: str = "banner") -> dict[str, Any]:
    """A banner for pages of people who came in with an EVM wallet; nothing for others.

    ``on_change="logout"``: sign out, by POST, as soon as the wallet changes its account while the
    page is open. A change of chain never does anything.
    """
    if on_change not in ("banner", "logout"):
        raise TemplateSyntaxError('on_change is "banner" or "logout"')
    request = context.get("request")  # error pages are rendered without
    wallet = current_wallet(request) if request and request.user.is_authenticated else None
    if (
        not request
        or wallet is None
        or not wallet.startswith("0x")
        or len(wallet) != len("0x") + 40
    ):
        return {"wallet": None}
    return {
        "request": request,
        "wallet": wallet,
        "on_change": on_change,
        "switch_url": f"{reverse('moralis_login')}?{urlencode({'next': request.get_full_path()})}",
        "logout_url": _logout_url(),
    }


def _logout_url() -> str | None:
    try:
        return reverse("account_logout")
    except NoReverseMatch:  # HEADLESS_ONLY: there is nothing to post to
        return None
