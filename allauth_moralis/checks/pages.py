"""System checks of the package's pages, as the site's own templates render them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.core import context
from django.conf import global_settings, settings
from django.contrib.auth.models import AnonymousUser
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import Error as DatabaseError
from django.db import connections
from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode
from django.urls import (
    NoReverseMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
    reverse,
)

from ..internal.home import LOGIN_REDIRECT_URL, is_a_page
from .settings import wrong_values

PAGE = "moralis/login.html"
TEMPLATES = Path(__file__).parent.parent / "templates"
#: The element into which the script puts the wallets that it finds.
WALLETS = 'id="moralis-wallets"'
#: File names as ``{% static %}`` writes them, with or without a hash of their contents.
SCRIPT = re.compile(r"moralis/moralis(\.[0-9a-f]+)?\.js")
STYLE = re.compile(r"moralis/moralis(\.[0-9a-f]+)?\.css")


@register(Tags.urls)
def check_urls(**_: Any) -> list[CheckMessage]:
    """Report that the site has none of our pages. A single-page application needs none."""
    if not getattr(settings, "ROOT_URLCONF", None) or allauth_settings.HEADLESS_ONLY:
        return []
    try:
        reverse("moralis_login")
    except NoReverseMatch:
        return [
            checks.Warning(
                "The site has no page on which people could sign in with a wallet.",
                hint='Add path("accounts/", include("allauth.urls")) to your URLs.',
                id="allauth_moralis.W044",
            )
        ]
    return []


@register(Tags.urls)
def check_redirect(**_: Any) -> list[CheckMessage]:
    if not _redirects_by_default() or not getattr(settings, "ROOT_URLCONF", None):
        return []
    if is_a_page(LOGIN_REDIRECT_URL) and not settings.FORCE_SCRIPT_NAME:
        return []
    return [
        checks.Warning(
            f"After sign-in, people are sent to {LOGIN_REDIRECT_URL}, where this site has no page.",
            hint='Set LOGIN_REDIRECT_URL to "moralis_profile" or to a page of your own; or set '
            'ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter".',
            id="allauth_moralis.W006",
        )
    ]


def _redirects_by_default() -> bool:
    """Return whether Django's default is used unchanged; our own adapter would adapt it."""
    own = type(get_adapter()).get_login_redirect_url
    return (
        settings.LOGIN_REDIRECT_URL == LOGIN_REDIRECT_URL
        and own is DefaultAccountAdapter.get_login_redirect_url
    )


@register(Tags.urls)
def check_profile(**_: Any) -> list[CheckMessage]:
    """Report a page of the site's own that is hidden by the profile page."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        page = reverse("moralis_profile")
    except NoReverseMatch:
        return []
    path = page.removeprefix(get_script_prefix().rstrip("/"))
    first, *later = _views(path) or [None]
    # A page that answers at any URL, such as a front end's, is meant to come last.
    beside = _views(f"{path.rstrip('/')}-{'0' * 8}/")
    hidden = [view for view in later if view not in beside]
    if not _is_ours(first) or not hidden:
        return []
    return [
        checks.Warning(
            f"At {page} people see the profile page of their wallets instead of "
            f"{_name(hidden[0])}, which this site has at the same URL.",
            hint="Put the URL of your own page before allauth.urls, or give it another URL.",
            id="allauth_moralis.W018",
        )
    ]


def _views(path: str) -> list[Any]:
    """Return the views that answer at ``path``, in the order in which they are tried."""
    return list(_found(get_resolver(), path))


def _found(resolver: URLResolver, path: str) -> Iterator[Any]:
    matched = resolver.pattern.match(path)
    if not matched:
        return
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _found(pattern, matched[0])
        elif pattern.resolve(matched[0]):
            yield pattern.callback


def _is_ours(view: Any) -> bool:
    return str(getattr(view, "__module__", "")).startswith("allauth_moralis.")


def _name(view: Any) -> str:
    view = getattr(view, "view_class", view)
    return f"{view.__module__}.{getattr(view, '__qualname__', type(view).__qualname__)}"


class _Unknown(Exception):
    """Raised where a check cannot tell what the page looks like.

    The site's templates query the database, which a check must do without, or the site has a wallet
    page of its own.
    """


@register(Tags.templates)
def check_wallet_page(**_: Any) -> list[CheckMessage]:
    """Render the wallet page, which is empty if the site's templates leave out its content."""
    if wrong_values() or not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        return list(_missing(_render(reverse("moralis_login"))))
    except (NoReverseMatch, _Unknown, DatabaseError):
        return []
    except Exception as error:  # noqa: BLE001 - the site's own code
        # Nothing is wrong yet before collectstatic has been run.
        return [] if "staticfiles manifest" in str(error) else [_not_rendered(error)]


def _not_rendered(error: Exception) -> CheckMessage:
    return checks.Warning(
        f"The wallet page could not be rendered: {type(error).__name__}.",
        hint=f"Open the page to see why. {_templates()}",
        id="allauth_moralis.W014",
    )


def _missing(html: str) -> Iterator[CheckMessage]:
    hint = f'A template leaves out the block "content", which the page fills. {_templates()}'
    if not SCRIPT.search(html):
        yield Error(
            "The wallet page has no script on this site, so it is impossible to sign in there.",
            hint=hint,
            id="allauth_moralis.E025",
        )
    if not STYLE.search(html):
        yield checks.Warning(
            "The wallet page has no style sheet on this site.",
            hint=hint,
            id="allauth_moralis.W015",
        )


def _render(page: str) -> str:
    """Return the HTML of the page as an anonymous visitor gets it. Raise ``_Unknown``."""
    request = _request(page)
    view = request.resolver_match = resolve(request.path_info)
    if not view.func.__module__.startswith("allauth_moralis."):
        raise _Unknown
    with ExitStack() as stack:
        stack.enter_context(context.request_context(request))
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(_refuse_query))
        response = view.func(request, *view.args, **view.kwargs)
        if hasattr(response, "render") and not response.is_rendered:
            response.render()
    if response.status_code != HTTPStatus.OK:
        raise _Unknown
    html: str = response.content.decode()
    if WALLETS not in html and not _is_our_template():
        raise _Unknown
    return html


def _is_our_template() -> bool:
    template: Any = get_template(PAGE)
    return Path(template.origin.name).is_relative_to(TEMPLATES)


def _refuse_query(*_: Any, **__: Any) -> Any:
    raise _Unknown


def _request(page: str) -> HttpRequest:
    """Return a request as a browser makes it, with what the usual middleware adds."""
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    request = HttpRequest()
    request.method, request.path = "GET", page
    # The URLs of a site that is served under a prefix are resolved without it.
    request.path_info = page.removeprefix(get_script_prefix().rstrip("/"))
    request.META = {"SERVER_NAME": (hosts or ["localhost"])[0], "SERVER_PORT": "80"}
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.user = AnonymousUser()
    return request


def _templates() -> str:
    """Return a sentence that names the page's templates, as far as they can be found."""
    names = [PAGE]
    with suppress(Exception):  # the site's own code
        while (parent := _parent(names[-1])) and parent not in names:
            names.append(parent)
    return f"It is made of these templates, each of which extends the next: {', '.join(names)}."


def _parent(name: str) -> str | None:
    template: Any = get_template(name)
    extends = template.template.nodelist.get_nodes_by_type(ExtendsNode)
    return str(extends[0].parent_name.resolve(Context())) if extends else None


@register(Tags.urls)
def check_login_url(**_: Any) -> list[CheckMessage]:
    """Check where people are sent who open the profile page without being signed in."""
    url = settings.LOGIN_URL
    if url != global_settings.LOGIN_URL or not getattr(settings, "ROOT_URLCONF", None):
        return []
    if is_a_page(url) or settings.FORCE_SCRIPT_NAME:
        return []
    try:
        reverse("moralis_profile")
    except NoReverseMatch:
        return []
    return [
        checks.Warning(
            f"People who must sign in first are sent to {url}, where this site has no page.",
            hint='Set LOGIN_URL = "account_login", or to a page of your own.',
            id="allauth_moralis.W041",
        )
    ]
