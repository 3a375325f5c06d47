"""System checks of the sessions and the cache, in which challenges are kept and counted."""

from collections.abc import Iterator
from typing import Any

from allauth import app_settings as allauth_settings
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from .. import conf
from .settings import wrong_values

PER_PROCESS_CACHES = ("LocMemCache", "DummyCache")


@register(Tags.security)
def check_sessions(**_: Any) -> list[CheckMessage]:
    return (
        list(_sessions_in_cookies()) if settings.SESSION_ENGINE.endswith("signed_cookies") else []
    )


def _sessions_in_cookies() -> Iterator[CheckMessage]:
    if is_per_process():
        yield Error(
            "Sessions live in cookies, which can be replayed, and there is no shared cache to "
            "remember that a challenge has been used.",
            hint='Use another SESSION_ENGINE, or a shared cache as CACHES["default"].',
            id="allauth_moralis.E020",
        )
    if allauth_settings.USERSESSIONS_ENABLED:
        yield Error(
            "Sessions live in cookies, and their keys are longer than the 40 characters that "
            "allauth.usersessions can store: every sign-in fails.",
            hint="Use another SESSION_ENGINE, or take allauth.usersessions out of INSTALLED_APPS.",
            id="allauth_moralis.E022",
        )
    if _apps_have_session_keys():
        yield Error(
            "Sessions live in cookies, which no key names, and allauth gives mobile applications "
            "the key of theirs as a token: none of them gets in.",
            hint='Set HEADLESS_CLIENTS = ["browser"], another SESSION_ENGINE, or a '
            "HEADLESS_TOKEN_STRATEGY of your own.",
            id="allauth_moralis.E028",
        )


def _apps_have_session_keys() -> bool:
    if not allauth_settings.HEADLESS_ENABLED:
        return False
    from allauth.headless import app_settings  # noqa: PLC0415 - not every site has it

    strategy = type(app_settings.TOKEN_STRATEGY).__module__
    return "app" in app_settings.CLIENTS and strategy.startswith("allauth.")


@register(Tags.security, deploy=True)
def check_cache(**_: Any) -> list[CheckMessage]:
    if is_per_process():
        return [
            checks.Warning(
                "The cache is not shared between processes, so each worker keeps its own count of "
                "rate limits and used challenges.",
                hint='Use a shared cache, such as Redis, as CACHES["default"].',
                id="allauth_moralis.W002",
            )
        ]
    if _cache_backend().endswith("FileBasedCache"):
        return [
            checks.Warning(
                "The cache does not add keys atomically, so two simultaneous requests may use the "
                "same challenge.",
                hint='Use Redis, Memcached or the database as CACHES["default"].',
                id="allauth_moralis.W007",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_devices(**_: Any) -> list[CheckMessage]:
    """Check that the process that a phone reaches knows what another one told the computer."""
    if wrong_values() or not conf.current().cross_device or not is_per_process():
        return []
    return [
        Error(
            "Another device cannot sign in by a phone (CROSS_DEVICE): what the two ask for is kept "
            "in the cache, which is not shared between processes.",
            hint='Use a shared cache, such as Redis, as CACHES["default"], or turn CROSS_DEVICE '
            "off.",
            id="allauth_moralis.E029",
        )
    ]


def _cache_backend() -> str:
    backend: str = settings.CACHES.get("default", {}).get("BACKEND", "")
    return backend


def is_per_process() -> bool:
    return _cache_backend().endswith(PER_PROCESS_CACHES)
