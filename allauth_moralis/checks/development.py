"""System checks that keep the development wallet on the developer's own machine."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import NoReverseMatch, URLResolver, reverse

from .. import conf
from ..siwx.wallets import EVM
from .settings import wrong_values


@register(Tags.security, deploy=True)
def check_deployed(**_: Any) -> list[CheckMessage]:
    # Whatever ALLOWED_HOSTS says: behind a proxy that hides itself, every visitor looks local.
    if not settings.DEBUG or wrong_values() or EVM not in conf.current().networks:
        return []
    return [
        Error(
            "DEBUG is on, so the development wallet is offered. It signs in anyone who reaches it.",
            hint="Set DEBUG = False wherever anyone but you can reach the site.",
            id="allauth_moralis.E030",
        )
    ]


@register(Tags.urls)
def check_included(**_: Any) -> list[CheckMessage]:
    from .. import urls  # noqa: PLC0415 - its list depends on DEBUG, which is not known earlier

    if settings.DEBUG or not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        reverse("moralis_development_sign")
    except NoReverseMatch:
        return []
    # Test runners turn DEBUG off, and some sites have loaded their URLs by then.
    if any(isinstance(each, URLResolver) for each in urls.urlpatterns):
        return []
    return [
        Error(
            "The URLs of the development wallet are included although DEBUG is off.",
            hint="Do not include allauth_moralis.development.urls yourself: allauth.urls does so "
            "where DEBUG is on.",
            id="allauth_moralis.E031",
        )
    ]
