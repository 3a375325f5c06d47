"""``manage.py check``: every setting of the provider, each with an id, a sentence and a hint.

What must be right around them is checked in ``site.py``.
"""

import re
from collections.abc import Callable, Mapping
from inspect import isabstract
from typing import Any
from urllib.parse import urlsplit

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from .. import conf
from ..backends import Backend, get_backend
from ..forms import MAX_CHAIN_ID
from ..internal.allauth_private import can_be_counted
from ..siwx.wallets import NETWORKS

#: One line of ASCII (EIP-4361), which has no control characters, and no bidirectional ones.
ONE_LINE = re.compile(r"[\x20-\x7e]+", re.ASCII)
#: A host name or an IP literal, lower case, and a port.
AUTHORITY = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?",
    re.ASCII,
)
MIN_TTL, MAX_TTL = 15, 120  # seconds; the range of `timeout` in the Auth API


def _error(number: int, key: str, message: str, hint: str) -> Error:
    return Error(
        f'SOCIALACCOUNT_PROVIDERS["moralis"]["{key}"] {message}',
        hint=hint,
        id=f"allauth_moralis.E{number:03d}",
    )


def _api_key(value: Any) -> bool:
    # Printable ASCII: it goes out as an HTTP header.
    return isinstance(value, str) and bool(re.fullmatch(r"[\x21-\x7e]*", value, re.ASCII))


def _backend(value: Any) -> bool:
    if value is None:
        return True
    try:
        backend = import_string(value)
        return issubclass(backend, Backend) and not isabstract(backend)
    except (AttributeError, ImportError, TypeError):  # no text, no path, no class
        return False


def _base_url(value: Any) -> bool:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises for a port that is none
    except (ValueError, AttributeError, TypeError):
        return False
    return isinstance(value, str) and parts.scheme in ("http", "https") and bool(parts.hostname)


def _networks(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and set(map(str, value)) <= set(NETWORKS)


def _chains(value: Any) -> bool:
    return value is None or (
        isinstance(value, list | tuple | set | frozenset)
        and bool(value)
        and all(type(chain) is int and 1 <= chain <= MAX_CHAIN_ID for chain in value)
    )


def _domain(value: Any) -> bool:
    return value is None or (isinstance(value, str) and AUTHORITY.fullmatch(value) is not None)


def _statement(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, Mapping):
        return set(value) <= set(conf.STATEMENTS) and all(map(_line, value.values()))
    return _line(value)


def _line(value: Any) -> bool:
    return isinstance(value, str) and ONE_LINE.fullmatch(value) is not None


def _challenge_ttl(value: Any) -> bool:
    return type(value) is int and MIN_TTL <= value <= MAX_TTL


def _rate_limits(value: Any) -> bool:
    if value is False:
        return True
    if not isinstance(value, Mapping) or not set(value) <= set(conf.DEFAULTS["RATE_LIMITS"]):
        return False
    try:
        return all(map(can_be_counted, value.values()))
    except (ValueError, AttributeError, TypeError):
        return False


def _timeout(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2  # noqa: PLR2004 - to connect, to have the answer
        and all(type(seconds) in (int, float) and seconds > 0 for seconds in value)
    )


def _name(value: Any) -> bool:
    return bool(str(value).strip()) and not isinstance(value, int | bytes | list | tuple | dict)


def _fallback(value: Any) -> bool:
    return value is None or value == "local"


#: Number, key, what a good value is, what is wrong with another, and what to write instead.
RULES: tuple[tuple[int, str, Callable[[Any], bool], str, str], ...] = (
    (
        1,
        "API_KEY",
        _api_key,
        "is not a string of printable characters.",
        "Copy the key from the Moralis dashboard, or leave it empty for the embedded verifier.",
    ),
    (
        2,
        "BACKEND",
        _backend,
        "does not name a class that derives from allauth_moralis.backends.Backend.",
        f'Leave it out, or write a dotted path such as "{conf.LOCAL_BACKEND}".',
    ),
    (
        3,
        "BASE_URL",
        _base_url,
        "is not an http(s) URL.",
        'Leave it out, or write one such as "http://127.0.0.1:8899" for the emulator.',
    ),
    (
        4,
        "NETWORKS",
        _networks,
        "is not a list of known networks.",
        f"Name one or more of: {', '.join(NETWORKS)}.",
    ),
    (
        5,
        "CHAINS",
        _chains,
        "is not a list of EIP-155 chain ids.",
        "Write integers, such as [1, 137], or None to accept every chain.",
    ),
    (
        6,
        "DOMAIN",
        _domain,
        "is not a domain.",
        'Write it in lower case and without a scheme, as in "example.com" or "localhost:8000".',
    ),
    (
        7,
        "STATEMENT",
        _statement,
        "is neither one line of printable ASCII nor a mapping of purpose to such a line.",
        f"A wallet shows it to the letter. Purposes are: {', '.join(conf.STATEMENTS)}.",
    ),
    (
        8,
        "CHALLENGE_TTL",
        _challenge_ttl,
        f"is not an integer from {MIN_TTL} to {MAX_TTL}.",
        "It counts seconds. People with a hardware wallet need most of the 120.",
    ),
    (
        9,
        "RATE_LIMITS",
        _rate_limits,
        "is not in allauth's notation, by ip or by key.",
        'Write {"challenge": "30/m/ip,10/m/key", "verify": "30/m/ip"}, or False to have none.',
    ),
    (
        11,
        "TIMEOUT",
        _timeout,
        "is not a pair of positive numbers.",
        "Write (3, 10): seconds to connect, and seconds to have the whole answer.",
    ),
    (
        12,
        "NAME",
        _name,
        "is not a name.",
        'Write what buttons should call the provider, such as "Wallet".',
    ),
    (
        13,
        "FALLBACK",
        _fallback,
        "is not a fall-back.",
        'Write "local" to have the embedded verifier stand in while the service is away, or None.',
    ),
)


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    configured = conf.configured()
    errors: list[CheckMessage] = [
        _error(number, key, message, hint)
        for number, key, good, message, hint in RULES
        if key in configured and not good(configured[key])
    ]
    warnings: list[CheckMessage] = [
        checks.Warning(
            f'SOCIALACCOUNT_PROVIDERS["moralis"] has no setting "{key}".',
            hint=f"The settings are: {', '.join(conf.DEFAULTS)}.",
            id="allauth_moralis.W001",
        )
        for key in configured
        if key not in conf.DEFAULTS and not _allauths_own(key)
    ]
    return warnings + (errors or get_backend().check())


def _allauths_own(key: str) -> bool:
    """Keys that allauth itself reads for any provider."""
    return key in {"APP", "APPS", "VERIFIED_EMAIL", "EMAIL_AUTHENTICATION", "provider_class"}
