"""Content-Security-Policy, as far as the wallet page needs something of it (CSP Level 3)."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

#: A policy: the sources of each directive.
Policy = Mapping[str, list[str]]

#: Which directives count for what, most specific first. ``form-action`` has no default.
DIRECTIVES = {
    "script": ("script-src-elem", "script-src", "default-src"),
    "style": ("style-src-elem", "style-src", "default-src"),
    "image": ("img-src", "default-src"),
    "connection": ("connect-src", "default-src"),
    "form": ("form-action",),
}
HOST_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9.\[\]:-]+?)"
    r"(?::(?P<port>\d+|\*))?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
PORTS = {"http": 80, "https": 443}


def parse(headers: Iterable[str]) -> list[Policy]:
    """Return the policies of all headers. Each of them must allow a thing."""
    return [_policy(text) for header in headers for text in header.split(",") if text.strip(" ;\t")]


def _policy(text: str) -> Policy:
    policy: dict[str, list[str]] = {}
    for directive in text.split(";"):
        name, *sources = directive.split() or [""]
        if name and name.lower() not in policy:  # the first one counts
            policy[name.lower()] = sources
    return policy


def blocked_by(policies: Iterable[Policy], what: str, url: str, own_origin: str) -> str | None:
    """Return the directive that keeps a page at ``own_origin`` from ``url``, if one does."""
    for policy in policies:
        name = next((each for each in DIRECTIVES[what] if each in policy), None)
        if name is not None and not _allows(what, policy[name], url, own_origin):
            return name
    return None


def _allows(what: str, sources: list[str], url: str, own_origin: str) -> bool:
    if what == "script" and "'strict-dynamic'" in map(str.lower, sources):
        return False  # then hosts are ignored, and our scripts carry no nonce
    target, own = urlsplit(url), urlsplit(own_origin)
    return any(_matches(source, target, own) for source in sources)


def _matches(source: str, target: SplitResult, own: SplitResult) -> bool:
    if source.lower() == "'self'":
        return _origin(target) == _origin(own)
    if source.endswith(":"):
        return _same_scheme(source[:-1].lower(), target.scheme)
    if source == "*":
        return target.scheme in (*PORTS, own.scheme)
    found = HOST_SOURCE.fullmatch(source)
    if found is None or target.scheme not in PORTS:
        return False
    return (
        _same_scheme((found["scheme"] or own.scheme).lower(), target.scheme)
        and _same_host(found["host"].lower(), target.hostname or "")
        and _same_port(found["port"], target)
        and _same_path(found["path"] or "", target.path)
    )


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or PORTS.get(url.scheme)


def _same_scheme(source: str, scheme: str) -> bool:
    return scheme == source or (source == "http" and scheme == "https")


def _same_host(source: str, host: str) -> bool:
    if source.startswith("*"):
        return host.endswith(source[1:])
    return host == source.strip("[]")


def _same_port(source: str | None, target: SplitResult) -> bool:
    port = target.port or PORTS[target.scheme]
    return source == "*" or port == (int(source) if source else PORTS[target.scheme])


def _same_path(source: str, path: str) -> bool:
    if source in ("", "/"):
        return True
    return path.startswith(source) if source.endswith("/") else path == source
