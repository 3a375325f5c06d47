"""The service's own rules for a request's fields, in the words of its validator."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

#: The enumeration of ``chainId`` in the service's OpenAPI description of June 2024.
CHAINS = (
    1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, 1284, 1285, 1287, 1337, 8453, 10200, 43113,
    43114, 80001, 80002, 84531, 88882, 88888, 11155111,
)  # fmt: skip
MIN_TIMEOUT, MAX_TIMEOUT = 15, 120  # seconds

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
DOMAIN_RULES = {
    "lenient": re.compile(
        rf"(?:{LABEL}(?:\.{LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?", re.ASCII
    ),
    "fqdn": re.compile(rf"(?:{LABEL}\.)+[a-zA-Z]{{2,}}|localhost", re.ASCII),
}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
HEX = re.compile(r"(?:0x|0X)?[a-fA-F0-9]+", re.ASCII)


def check_request(body: Mapping[str, Any], *, domain_rule: str) -> list[str]:
    """What is wrong with the body of ``POST /challenge/request/evm``."""
    problems = []
    if not _matches(DOMAIN_RULES[domain_rule], body.get("domain")):
        problems.append("domain must be a valid domain name")
    if parse_chain_id(body.get("chainId")) not in CHAINS:
        problems.append(
            f"chainId must be one of the following values: {', '.join(map(str, CHAINS))}"
        )
    if not _matches(ADDRESS, body.get("address")):
        problems.append("address must be an Ethereum address")
    if not _is_url(body.get("uri")):
        problems.append("uri must be a URL address")
    problems += _check_timeout(body.get("timeout"))
    statement = body.get("statement")
    if statement is not None and not (isinstance(statement, str) and statement.isascii()):
        problems.append("statement must contain only ASCII characters")
    problems += [
        f"{name} must be a valid ISO 8601 date string"
        for name in ("expirationTime", "notBefore")
        if body.get(name) is not None and not _is_time(body[name])
    ]
    resources = body.get("resources")
    if resources is not None and not (
        isinstance(resources, list) and all(map(_is_text, resources))
    ):
        problems.append("resources must be an array")
    return problems


def check_verify(body: Mapping[str, Any]) -> list[str]:
    """What is wrong with the body of ``POST /challenge/verify/evm``."""
    missing = [
        f"{name} must be present"
        for name in ("message", "signature")
        if not _is_text(body.get(name)) or not body[name]
    ]
    if missing:
        return missing
    problems = [] if body["message"].isascii() else ["message must contain only ASCII characters"]
    if not HEX.fullmatch(body["signature"]):
        problems.append("signature must be a valid hex string")
    return problems


def parse_chain_id(value: object) -> int | None:
    """The official clients have sent it as a number, in decimal and in hex."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 16 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_time(value: str) -> datetime:
    """A time without a zone is UTC. Raises ``ValueError``."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_timeout(value: object) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return ["timeout must be a number conforming to the specified constraints"]
    if value < MIN_TIMEOUT:
        return [f"timeout must not be less than {MIN_TIMEOUT}"]
    if value > MAX_TIMEOUT:
        return [f"timeout must not be greater than {MAX_TIMEOUT}"]
    return []


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_url(value: object) -> bool:
    try:
        return (
            isinstance(value, str)
            and not re.search(r"[\s<>]", value)
            and bool(urlsplit(value).scheme and urlsplit(value).hostname)
        )
    except ValueError:
        return False


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_time(value) is not None
    except ValueError:
        return False
