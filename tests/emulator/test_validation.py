"""What the emulator refuses."""

from collections.abc import Iterator

import pytest

from allauth_moralis.emulator import AuthService, Behaviour, Emulator

from .common import (
    DOCUMENTED_SIGNATURE,
    RECORDED_SIGNATURE,
    RECORDED_TEXT,
    REQUEST,
    VERIFY,
    accepted,
    post,
    reason,
    verify,
)

DOMAIN = "domain must be a valid domain name"
CHAIN = (
    "chainId must be one of the following values: 1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, "
    "1284, 1285, 1287, 1337, 8453, 10200, 43113, 43114, 80001, 80002, 84531, 88882, 88888, 11155111"
)
ADDRESS = "address must be an Ethereum address"
URL = "uri must be a URL address"
NUMBER = "timeout must be a number conforming to the specified constraints"
LITTLE = "timeout must not be less than 15"
MUCH = "timeout must not be greater than 120"
ASCII = "statement must contain only ASCII characters"
EXPIRATION = "expirationTime must be a valid ISO 8601 date string"
NOT_BEFORE = "notBefore must be a valid ISO 8601 date string"
ARRAY = "resources must be an array"
INVALID = [
    ("domain", None, DOMAIN),
    ("domain", "", DOMAIN),
    ("domain", 5, DOMAIN),
    ("domain", "https://localhost", DOMAIN),
    ("domain", "local host", DOMAIN),
    ("domain", "localhost\n", DOMAIN),
    ("domain", "-a.example", DOMAIN),
    ("domain", "b\u00fccher.example", DOMAIN),
    ("domain", "user@example.com", DOMAIN),
    ("chainId", None, CHAIN),
    ("chainId", 42161, CHAIN),
    ("chainId", "0xa4b1", CHAIN),
    ("chainId", "one", CHAIN),
    ("chainId", "", CHAIN),
    ("chainId", True, CHAIN),
    ("chainId", 1.0, CHAIN),
    ("chainId", [1], CHAIN),
    ("address", None, ADDRESS),
    ("address", "0x28cC", ADDRESS),
    ("address", "0x" + "g" * 40, ADDRESS),
    ("address", "0x" + "0" * 40 + "\n", ADDRESS),
    ("address", 5, ADDRESS),
    ("uri", None, URL),
    ("uri", "localhost", URL),
    ("uri", "http://", URL),
    ("uri", "http://[::1", URL),
    ("uri", 5, URL),
    ("uri", "http://localhost/\nVersion: 2", URL),
    ("uri", "http://local host/", URL),
    ("timeout", None, NUMBER),
    ("timeout", "60", NUMBER),
    ("timeout", True, NUMBER),
    ("timeout", float("nan"), NUMBER),
    ("timeout", 14, LITTLE),
    ("timeout", -60, LITTLE),
    ("timeout", 121, MUCH),
    ("statement", "Gr\u00fc\u00dfe", ASCII),
    ("statement", 5, ASCII),
    ("expirationTime", "tomorrow", EXPIRATION),
    ("expirationTime", "", EXPIRATION),
    ("expirationTime", 1700000000, EXPIRATION),
    ("notBefore", "yesterday", NOT_BEFORE),
    ("notBefore", "2022-02-31T00:00:00Z", NOT_BEFORE),
    ("resources", "https://docs.moralis.io/", ARRAY),
    ("resources", [5], ARRAY),
]


# --- Validation of a request ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value", "problem"), INVALID)
def test_request_with_invalid_field(shared, fields, name, value, problem):
    assert reason(post(shared, REQUEST, {**fields, name: value})) == [problem]


@pytest.mark.parametrize("timeout", [15, 120])
def test_bounds_of_the_timeout_are_inside(shared, fields, timeout):
    assert accepted(shared, {**fields, "timeout": timeout})["id"]


def test_all_that_is_wrong_is_told_at_once(shared):
    assert reason(post(shared, REQUEST, {})) == [DOMAIN, CHAIN, ADDRESS, URL, NUMBER]


@pytest.mark.parametrize(
    "domain",
    ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "example.com:65535", "EXAMPLE.com", "a-b.c"],
)
def test_lenient_rule_takes_host_and_port(shared, fields, domain):
    message = accepted(shared, {**fields, "domain": domain})["message"]

    assert message.startswith(f"{domain} wants you to sign in with your Ethereum account:\n")


@pytest.fixture(scope="module")
def strict() -> Iterator[Emulator]:
    with Emulator(AuthService(behaviour=Behaviour(domain_rule="fqdn"))) as running:
        yield running


@pytest.mark.parametrize("domain", ["localhost", "defi.finance", "my.dapp", "a.b-c.example"])
def test_strict_rule_takes_domain_names(strict, fields, domain):
    assert accepted(strict, {**fields, "domain": domain})["id"]


@pytest.mark.parametrize("domain", ["localhost:8000", "127.0.0.1", "[::1]", "defi", "a.b:80"])
def test_strict_rule_refuses_all_else(strict, fields, domain):
    assert reason(post(strict, REQUEST, {**fields, "domain": domain})) == [DOMAIN]


# --- Validation of a verification ----------------------------------------------------------------


def test_verify_of_nothing(shared):
    assert reason(post(shared, VERIFY, {})) == [
        "message must be present",
        "signature must be present",
    ]


@pytest.mark.parametrize("name", ["message", "signature"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"]], ids=repr)
def test_verify_with_field_missing(shared, wallet, fields, name, value):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message, **{name: value})) in (
        # Whether one sentence alone comes in a list is not recorded.
        f"{name} must be present",
        [f"{name} must be present"],
    )


@pytest.mark.parametrize("signature", ["0xzz", "0x", " ", "0x" + "ab" * 65 + "\n"])
def test_verify_with_signature_that_is_no_hex(shared, wallet, fields, signature):
    message = accepted(shared, fields)["message"]

    assert "signature must be a valid hex string" in reason(
        verify(shared, wallet, message, signature=signature)
    )


def test_verify_with_text_that_is_not_ascii(shared, wallet):
    assert "message must contain only ASCII characters" in reason(
        verify(shared, wallet, "Gr\u00fc\u00dfe")
    )


def test_verify_with_two_problems(shared, wallet):
    assert reason(verify(shared, wallet, "Gr\u00fc\u00dfe", signature="no hex")) == [
        "message must contain only ASCII characters",
        "signature must be a valid hex string",
    ]


@pytest.mark.parametrize(
    "signature",
    [DOCUMENTED_SIGNATURE, RECORDED_SIGNATURE, "0x" + "00" * 65, "0x" + "ff" * 65, "ab", "abc"],
    ids=["documented", "recorded", "zeros", "ones", "short", "half_a_byte"],
)
def test_wrong_signature(shared, wallet, fields, signature):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message, signature=signature)) == "Invalid Signature"


def test_signature_of_another_account(shared, other_wallet, fields):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, other_wallet, message)) == "Invalid Signature"


def test_wrong_signature_leaves_the_challenge(emulator, wallet, other_wallet, fields):
    message = accepted(emulator, fields)["message"]
    verify(emulator, other_wallet, message)

    assert verify(emulator, wallet, message).status_code == 201


def test_text_that_was_never_issued(shared, wallet):
    assert reason(verify(shared, wallet, RECORDED_TEXT)) == "Challenge not found"


def test_text_with_one_newline_more_was_never_issued(shared, wallet, fields):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message + "\n")) == "Challenge not found"
