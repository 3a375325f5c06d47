"""Where people are redirected to without a ``next`` URL.

Django's defaults for ``LOGIN_REDIRECT_URL`` and ``LOGIN_URL`` are paths from the root of the host.
A site that is served under a prefix (``SCRIPT_NAME``) has its pages elsewhere, and so has one that
includes allauth's URLs under another path. What a site has set itself is used as it is.
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
    """Return this site's page in place of one of Django's defaults; any other URL unchanged."""
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
    """Return whether the site has a page at ``path``, which does not include the site's prefix.

    The page may also be at the path with a language before it, to which ``LocaleMiddleware``
    redirects if the site uses ``i18n_patterns``.
    """
    return _resolves(path) or _resolves(f"/{get_language() or settings.LANGUAGE_CODE}{path}")


def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
