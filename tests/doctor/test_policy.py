"""What a Content-Security-Policy allows."""

import pytest

from allauth_moralis.doctor import policy

OWN = "https://example.com"
SCRIPT = "https://example.com/accounts/moralis/scripts/1/moralis/moralis.js"
STYLE = "https://static.example.net/assets/moralis/moralis.css"


def blocked(header: str, what: str, url: str, own: str = OWN) -> str | None:
    return policy.blocked_by(policy.parse([header]), what, url, own)


@pytest.mark.parametrize(
    "sources",
    [
        "'self'",
        "'SELF' 'nonce-abc'",
        "*",
        "https:",
        "http:",
        "example.com",
        "https://example.com",
        "http://example.com",
        "https://example.com:443",
        "https://example.com:*",
        "*.com",
        "https://*.com",
        "https://example.com/accounts/",
        "https://example.com/",
        SCRIPT,
        "'none' 'self'",
    ],
)
@pytest.mark.parametrize("directive", ["script-src-elem", "script-src", "default-src"])
def test_scripts_that_are_allowed(directive, sources):
    assert blocked(f"{directive} {sources}", "script", SCRIPT) is None


@pytest.mark.parametrize(
    "sources",
    [
        "",
        "'none'",
        "'nonce-abc'",
        "'unsafe-inline'",
        "'self' 'strict-dynamic'",
        "data:",
        "other.example",
        "*.example.com",
        "https://example.com:8443",
        "https://example.com/elsewhere/",
        "https://example.com/moralis.js",
        "wss://example.com",
        "§",
    ],
)
def test_scripts_that_are_blocked(sources):
    assert blocked(f"script-src {sources}", "script", SCRIPT) == "script-src"


@pytest.mark.parametrize(
    ("header", "what", "url", "directive"),
    [
        # The most specific one counts, and of two the first.
        ("default-src 'self'; script-src 'none'", "script", SCRIPT, "script-src"),
        ("default-src 'none'; script-src 'self'", "script", SCRIPT, None),
        ("script-src 'self'; script-src 'none'", "script", SCRIPT, None),
        ("script-src 'none'; script-src-elem 'self'", "script", SCRIPT, None),
        # Each of several policies must allow it.
        ("script-src 'self', script-src 'none'", "script", SCRIPT, "script-src"),
        ("script-src 'self', ;", "script", SCRIPT, None),
        # Style sheets of another host, images by scheme.
        ("style-src 'self'", "style", STYLE, "style-src"),
        ("style-src 'self' static.example.net", "style", STYLE, None),
        ("style-src https://*.example.net:443/assets/", "style", STYLE, None),
        ("img-src 'self'", "image", "data:image/png,", "img-src"),
        ("img-src *", "image", "data:image/png,", "img-src"),
        ("img-src 'self' data:", "image", "data:image/png,", None),
        ("img-src example.com", "image", "data:image/png,", "img-src"),
        ("default-src 'self'", "connection", OWN + "/challenge/", None),
        ("connect-src wss:", "connection", OWN + "/challenge/", "connect-src"),
        # It has no default.
        ("default-src 'none'", "form", OWN + "/verify/", None),
        ("form-action 'none'", "form", OWN + "/verify/", "form-action"),
        ("frame-ancestors 'none'", "script", SCRIPT, None),
    ],
)
def test_directives(header, what, url, directive):
    assert blocked(header, what, url) == directive


def test_port_is_part_of_the_origin():
    url = "http://127.0.0.1:8000/verify/"

    assert blocked("form-action 'self'", "form", url, "http://127.0.0.1:8000") is None
    assert blocked("form-action 'self'", "form", url, "http://127.0.0.1") == "form-action"
    assert blocked("form-action 127.0.0.1:8000", "form", url, "http://127.0.0.1") is None
