"""Requests as no browser sends them: foreign values in every field, header and cookie."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from .inputs import WALLETS

MARKUP = "<script>alert(7)</script>"
FOREIGN = ["\x00", "\ud800", "\r", "\n", "\x7f", "\u2028", "\u202e", "\U0001f511", "\u0664"]
#: Not those at which Django itself fails before any view, such as "zlib".
CHARSETS = ["utf-8", "latin-1", "utf-7", "unicode_escape", "x"]
#: Half of a surrogate pair, as some of them spell it.
ESCAPED = b"+2AA-\\ud800%ED%A0%80"

NAMES = [
    *("network", "address", "chain_id", "public_key", "process", "device", "number", "next"),
    *("state", "challenge", "signature", "full_message", "device_code", "account", "label"),
    *("email", "provider", "token", "id_token"),
]

texts = (
    st.text(st.characters(exclude_categories=[]) | st.sampled_from(FOREIGN), max_size=30)
    | st.sampled_from([
        MARKUP, f"'\">{MARKUP}", "//evil.example", "http://[::1", "javascript:alert(7)", "device",
        "connect", "login", "reauthenticate", "aptos", "solana", "9" * 5000, "1" * 88,
        "0x" + "f" * 5000,
    ])
)  # fmt: skip
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**63, 2**256, True])
#: JSON of any kind, of which some is nested deeper than Python's parser goes.
values = st.recursive(
    st.none() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
#: What is right but for a field or two.
objects = st.builds(
    lambda wallet, changed: {**wallet.described, **changed},
    st.sampled_from([*WALLETS.values()]),
    st.dictionaries(st.sampled_from(NAMES), values, max_size=4),
)


def _as_form(pairs: list[tuple[str, str]]) -> bytes:
    """A form as programs send it: names twice, and the bytes of half characters."""
    encoded = ((name, value.encode(errors="surrogatepass")) for name, value in pairs)
    return b"&".join(name.encode() + b"=" + quote_from_bytes(raw).encode() for name, raw in encoded)


def _in_parts(pairs: list[tuple[str, str]]) -> bytes:
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    parts = [
        head.format(name).encode() + value.encode(errors="surrogatepass") + ESCAPED + b"\r\n"
        for name, value in pairs
    ]
    return b"".join(parts) + b"--x--\r\n"


pairs = st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=8)
bodies = (
    objects.map(lambda data: json.dumps(data).encode())
    | st.binary(max_size=80)
    | pairs.map(_as_form)
    | pairs.map(_in_parts)
    | st.sampled_from([b"[" * 9000, b'{"a":' * 3000, b"9" * 9000, b"\xff\xfe{\0}\0", b"%" * 99])
    | st.builds(lambda times: b"x=1&" * times, st.sampled_from([1, 1001, 6000]))
)
kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
content_types = st.builds(
    lambda kind, charset: f"{kind}; charset={charset}" if charset else kind,
    st.sampled_from(kinds),
    st.sampled_from(["", "", *CHARSETS]),
) | st.sampled_from(["", "text/plain", "multipart/form-data", "a" * 300])

#: What a server hands over of a header: no control characters, and no more than Latin-1.
lines = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40)
HEADERS = {
    "HTTP_HOST": lines | st.sampled_from(["[:1]", "[::1]:x", "a" * 300, "testserver:99999"]),
    "HTTP_ACCEPT_LANGUAGE": lines | st.sampled_from(["de", "xx-" * 300, "en;q=1e999", "*"]),
    "HTTP_X_FORWARDED_FOR": lines | st.sampled_from(["::1", "1.2.3.4, 5.6.7.8", "," * 99]),
    "HTTP_X_FORWARDED_PROTO": lines,
    "HTTP_X_FORWARDED_HOST": lines,
    "HTTP_ACCEPT": lines,
    "HTTP_ACCEPT_ENCODING": lines | st.just("gzip"),
    "HTTP_USER_AGENT": lines | st.just(MARKUP),
    "HTTP_REFERER": lines | st.just("http://[::1"),
    "HTTP_ORIGIN": lines | st.just("null"),
    "HTTP_X_SESSION_TOKEN": lines,
    "HTTP_X_CSRFTOKEN": lines,
    # Not more than there is: a real server would wait for the rest.
    "CONTENT_LENGTH": st.sampled_from(["", "-1", "x", "1e3", "0", "\xb2"]),
}
headers = st.lists(st.sampled_from(sorted(HEADERS)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: HEADERS[name] for name in names})
)
cookies = st.dictionaries(
    st.sampled_from(["sessionid", "csrftoken", "messages", "django_language"]), lines, max_size=2
)


@dataclass(frozen=True)
class Foreign:
    """A request to whatever address; ``part`` is what stands in the variable part of it."""

    method: str
    body: bytes
    content_type: str
    part: str
    query: bytes
    headers: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    checks_csrf: bool = False


foreign_requests = st.builds(
    Foreign,
    method=st.sampled_from(["POST"] * 6 + ["GET", "GET", "HEAD", "PUT", "OPTIONS", "TRACE"]),
    body=bodies,
    content_type=content_types,
    part=texts.map(lambda text: text.replace("/", "") or "x"),
    query=st.just(b"") | pairs.map(_as_form),
    headers=headers,
    cookies=st.just({}) | cookies,
    checks_csrf=st.sampled_from([False, False, False, True]),
)
