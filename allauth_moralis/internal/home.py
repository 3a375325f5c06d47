"""Where people are led who were on their way nowhere in particular.

Django's defaults for ``LOGIN_REDIRECT_URL`` and ``LOGIN_URL`` are paths from the root of the host.
A site that is served below a prefix (``SCRIPT_NAME``) has its pages elsewhere, and so has one that
includes allauth's addresses under another name. What a site has set itself stands.
"""

from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.translation import get_language

#: Django's own defaults.
LOGIN_REDIRECT_URL = "/accounts/profile/"
LOGIN_URL = "/accounts/login/"


def after_sign_in() -> str:
    return of_this_site(resolve_url(settings.LOGIN_REDIRECT_URL))


def log_in_page() -> str:
    return of_this_site(resolve_url(settings.LOGIN_URL))


def of_this_site(url: str) -> str:
    """The same page of this site, where ``url`` is one of Django's defaults; else as it stands."""
    names = {LOGIN_REDIRECT_URL: "moralis_profile", LOGIN_URL: "account_login"}
    if url not in names:
        return url
    if is_a_page(url):
        return get_script_prefix() + url[1:]
    try:
        return reverse(names[url])
    except NoReverseMatch:  # the site is headless, and has no page to log in
        return url


def is_a_page(path: str) -> bool:
    """Whether the site has a page at a path, to which the prefix does not belong.

    With the language before it, too, where ``i18n_patterns`` and ``LocaleMiddleware`` lead on.
    """
    return _resolves(path) or _resolves(f"/{get_language() or settings.LANGUAGE_CODE}{path}")


def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
