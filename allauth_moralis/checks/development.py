"""``manage.py check``: the development wallet is for the developer's own machine alone."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import NoReverseMatch, URLResolver, reverse

from .. import conf
from ..siwx.wallets import EVM
from .settings import wrong_values


@register(Tags.security, deploy=True)
def check_deployed(**_: Any) -> list[CheckMessage]:
    # Whatever ALLOWED_HOSTS says: behind a proxy that hides itself, each visitor seems local.
    if not settings.DEBUG or wrong_values() or EVM not in conf.current().networks:
        return []
    return [
        Error(
            "DEBUG is on, so the development wallet is offered, which signs in whoever reaches it.",
            hint="Set DEBUG = False wherever anybody but you can reach the site.",
            id="allauth_moralis.E030",
        )
    ]


@register(Tags.urls)
def check_included(**_: Any) -> list[CheckMessage]:
    from .. import urls  # noqa: PLC0415 - reads its list by DEBUG, which is not known earlier

    if settings.DEBUG or not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        reverse("moralis_development_sign")
    except NoReverseMatch:
        return []
    # Test runners turn DEBUG off, and some sites have read their URLs by then.
    if any(isinstance(each, URLResolver) for each in urls.urlpatterns):
        return []
    return [
        Error(
            "The development wallet has its URLs although DEBUG is off.",
            hint="Do not include allauth_moralis.development.urls: allauth.urls brings them where "
            "DEBUG is on.",
            id="allauth_moralis.E031",
        )
    ]
