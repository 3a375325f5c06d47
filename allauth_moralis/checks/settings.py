"""System checks of the provider's settings: one rule each, with an id, a sentence and a hint."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isabstract
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.http.request import split_domain_port
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from .. import conf
from ..backends import Backend, get_backend
from ..forms import MAX_CHAIN_ID
from ..internal.allauth_private import can_be_counted
from ..internal.flows import MAX_NAME, is_port
from ..internal.wallet_links import PLACEHOLDERS
from ..siwx.wallets import NETWORKS

#: One line of printable ASCII (EIP-4361), so without control or bidirectional characters.
ONE_LINE = re.compile(r"[\x20-\x7e]+", re.ASCII)
#: A host name or an IP literal, lower case, and a port.
AUTHORITY = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?",
    re.ASCII,
)
MAX_TIMEOUT = 3600  # seconds
MIN_TTL, MAX_TTL = 15, 120  # seconds; the range of `timeout` in the Auth API


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which values of a setting are good, what is wrong with all others, and what to write."""

    number: int
    good: Callable[[Any], bool]
    problem: str
    hint: str

    def error(self, key: str) -> Error:
        return Error(
            f'SOCIALACCOUNT_PROVIDERS["moralis"]["{key}"] {self.problem}',
            hint=self.hint,
            id=f"allauth_moralis.E{self.number:03d}",
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
    except (AttributeError, ImportError, TypeError):  # not a string, not a path, not a class
        return False


def _base_url(value: Any) -> bool:
    return _url(value) and not set("?#") & set(value)


def _url(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value, re.ASCII):
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises for a port that is not a number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _networks(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and set(map(str, value)) <= set(NETWORKS)


def _chains(value: Any) -> bool:
    return value is None or (
        isinstance(value, list | tuple | set | frozenset)
        and bool(value)
        and all(type(chain) is int and 1 <= chain <= MAX_CHAIN_ID for chain in value)
    )


def _domain(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, str) or not AUTHORITY.fullmatch(value):
        return False
    name, port = split_domain_port(value)
    return len(name) <= MAX_NAME and (not port or is_port(port))


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
        and all(type(seconds) in (int, float) and 0 < seconds <= MAX_TIMEOUT for seconds in value)
    )


def _name(value: Any) -> bool:
    return isinstance(value, str | Promise) and bool(str(value).strip())


def _fallback(value: Any) -> bool:
    return value is None or value == "local"


def _rpc(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        type(chain) is int and 1 <= chain <= MAX_CHAIN_ID and _node_url(url)
        for chain, url in value.items()
    )


def _node_url(value: Any) -> bool:
    """Return whether no one between this server and the node can answer in its place."""
    if not _url(value):
        return False
    parts = urlsplit(value)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def _ens(value: Any) -> bool:
    if value is not True:
        return value is None or value is False
    nodes = conf.configured().get("RPC", {})
    return isinstance(nodes, Mapping) and 1 in nodes


def _wallet_links(value: Any) -> bool:
    return value is None or (
        isinstance(value, list | tuple)
        and all(isinstance(each, Mapping) for each in value)
        and all(map(_wallet_link, value))
    )


def _wallet_link(value: Mapping[str, Any]) -> bool:
    return (
        set(value) == {"name", "networks", "url"}
        and _name(value["name"])
        and _networks(value["networks"])
        and isinstance(value["url"], str)
        # A link of this kind is pressed, so it must not run a script.
        and re.match(r"(?!javascript:|data:|vbscript:)[a-z][a-z0-9+.-]*:", value["url"]) is not None
        and any(place in value["url"] for place in PLACEHOLDERS)
    )


def _cross_device(value: Any) -> bool:
    return isinstance(value, bool)


#: By field of ``conf.Settings``; each has one.
RULES = {
    "api_key": Rule(
        number=1,
        good=_api_key,
        problem="is not a string of printable characters.",
        hint="Copy the key from the Moralis dashboard, or leave it empty to use the embedded "
        "verifier.",
    ),
    "backend": Rule(
        number=2,
        good=_backend,
        problem="does not name a class that derives from allauth_moralis.backends.Backend.",
        hint=f'Leave it out, or write a dotted path such as "{conf.LOCAL_BACKEND}".',
    ),
    "base_url": Rule(
        number=3,
        good=_base_url,
        problem="is not an http(s) URL without a query.",
        hint='Leave it out, or write the address of an emulator, such as "http://127.0.0.1:8899".',
    ),
    "networks": Rule(
        number=4,
        good=_networks,
        problem="is not a list of known networks.",
        hint=f"Write a list of one or more of these: {', '.join(NETWORKS)}.",
    ),
    "chains": Rule(
        number=5,
        good=_chains,
        problem="is not a list of EIP-155 chain ids.",
        hint="Write integers, such as [1, 137], or None to accept every chain.",
    ),
    "domain": Rule(
        number=6,
        good=_domain,
        problem="is not a domain.",
        hint='Write it in lower case, without a scheme: "example.com" or "localhost:8000".',
    ),
    "statement": Rule(
        number=7,
        good=_statement,
        problem="is neither one line of printable ASCII nor a mapping of process to such a line.",
        hint=f"Wallets show it to the letter. The processes are: {', '.join(conf.STATEMENTS)}.",
    ),
    "challenge_ttl": Rule(
        number=8,
        good=_challenge_ttl,
        problem=f"is not an integer from {MIN_TTL} to {MAX_TTL}.",
        hint="Write a number of seconds. People with a hardware wallet need most of the 120.",
    ),
    "rate_limits": Rule(
        number=9,
        good=_rate_limits,
        problem="is not in allauth's notation, by ip or by key.",
        hint='Write {"challenge": "30/m/ip", "verify": "30/m/ip", "device": "10/m/ip"}, or False '
        "to turn them off.",
    ),
    "timeout": Rule(
        number=11,
        good=_timeout,
        problem="is not a pair of positive numbers that are an hour at most.",
        hint="Write (3, 10): seconds to connect, and seconds to have the whole answer.",
    ),
    "name": Rule(
        number=12,
        good=_name,
        problem="is not a name.",
        hint='Write what buttons should call the provider, such as "Wallet".',
    ),
    "fallback": Rule(
        number=13,
        good=_fallback,
        problem='is neither "local" nor None.',
        hint='Write "local" to use the embedded verifier while the service does not answer.',
    ),
    "rpc": Rule(
        number=14,
        good=_rpc,
        problem="is not a mapping of EIP-155 chain ids to URLs of nodes.",
        hint='Write integers and https URLs, such as {8453: "https://…"}; http is for loopback.',
    ),
    "ens": Rule(
        number=15,
        good=_ens,
        problem="is not None, False, or True where RPC has chain 1.",
        hint="Leave it out: names are shown if RPC has a node of chain 1.",
    ),
    "wallet_links": Rule(
        number=16,
        good=_wallet_links,
        problem="is not a list of links, each with a name, networks and a URL that has a place for "
        "the page's address.",
        hint='Write {"name": "Wallet", "networks": ["evm"], "url": '
        '"https://wallet.example/open?url={encoded}"}; [] offers none.',
    ),
    "cross_device": Rule(
        number=17,
        good=_cross_device,
        problem="is neither True nor False.",
        hint="Write True to let a wallet on a phone sign in a computer that has none.",
    ),
}


def wrong_values() -> list[CheckMessage]:
    """Return an error for each setting whose value the package cannot work with."""
    configured = conf.configured()
    return [
        rule.error(key)
        for key, rule in ((name.upper(), rule) for name, rule in RULES.items())
        if key in configured and not rule.good(configured[key])
    ]


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    warnings: list[CheckMessage] = [
        checks.Warning(
            f'SOCIALACCOUNT_PROVIDERS["moralis"] has no setting "{key}".',
            hint=f"The settings are: {', '.join(conf.DEFAULTS)}.",
            id="allauth_moralis.W001",
        )
        for key in conf.configured()
        if key not in conf.DEFAULTS and not _allauths_own(key)
    ]
    return warnings + (wrong_values() or get_backend().check())


def _allauths_own(key: str) -> bool:
    """Return whether allauth itself reads this key, for any provider."""
    return key in {"APP", "APPS", "VERIFIED_EMAIL", "EMAIL_AUTHENTICATION", "provider_class"}
