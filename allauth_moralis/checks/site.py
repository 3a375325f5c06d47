"""``manage.py check``: what must be right on the site for wallets to do well there."""

from typing import Any

from allauth.account import app_settings as account_settings
from allauth.socialaccount import app_settings as socialaccount_settings
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.core.exceptions import FieldDoesNotExist
from django.urls import Resolver404, resolve

#: Django's own default, which is our page where allauth is included under ``/accounts/``.
DEFAULT_REDIRECT = "/accounts/profile/"


@register(Tags.models)
def check_user_model(**_: Any) -> list[CheckMessage]:
    name = account_settings.USER_MODEL_EMAIL_FIELD or ""
    try:
        field: Any = get_user_model()._meta.get_field(name)  # noqa: SLF001 - documented by Django
    except FieldDoesNotExist:
        return []
    if socialaccount_settings.EMAIL_REQUIRED or not field.unique or field.null:
        return []
    return [
        checks.Warning(
            "Users who sign up by wallet have no e-mail address, and this user model lets one of "
            "them alone have none: the second will fail.",
            hint=f"Let {field} be NULL, or set SOCIALACCOUNT_EMAIL_REQUIRED = True.",
            id="allauth_moralis.W005",
        )
    ]


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
