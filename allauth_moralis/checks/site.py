"""``manage.py check``: what must be right on the site for wallets to do well there."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.urls import Resolver404, resolve

#: Django's own default, which is our page where allauth is included under ``/accounts/``.
DEFAULT_REDIRECT = "/accounts/profile/"


@register(Tags.urls)
def check_redirect(**_: Any) -> list[CheckMessage]:
    if settings.LOGIN_REDIRECT_URL != DEFAULT_REDIRECT or not getattr(
        settings, "ROOT_URLCONF", None
    ):
        return []
    # With the language before it, where i18n_patterns and LocaleMiddleware lead on. A path is taken
    # as it stands, without the prefix under which a site may be served.
    paths = DEFAULT_REDIRECT, f"/{settings.LANGUAGE_CODE}{DEFAULT_REDIRECT}"
    if any(map(_is_a_page, paths)) and not settings.FORCE_SCRIPT_NAME:
        return []
    return [
        checks.Warning(
            f"Whoever signs in is sent to {DEFAULT_REDIRECT}, where this site has no page.",
            hint='Set LOGIN_REDIRECT_URL = "moralis_profile", or to a page of your own.',
            id="allauth_moralis.W006",
        )
    ]


def _is_a_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
