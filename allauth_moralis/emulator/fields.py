"""The forms that fields of a request have, and the validator's sentences about them."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .behaviour import Behaviour

MIN_TIMEOUT, MAX_TIMEOUT = 15, 120  # seconds
PAIR = 2  # addresses in a bind
APTOS_CHAIN_IDS = {"1": "mainnet", "2": "testnet"}


def one_of(name: str, values: Iterable[object], behaviour: Behaviour) -> str:
    if behaviour.validator == "0.13":
        return f"{name} must be a valid enum value"
    return f"{name} must be one of the following values: {', '.join(map(str, values))}"


def not_url(name: str, behaviour: Behaviour) -> str:
    return f"{name} must be {'an' if behaviour.validator == '0.13' else 'a'} URL address"


def check_exactly_two(name: str, value: object, behaviour: Behaviour) -> list[str]:
    """What is wrong with an array of two objects, as an array."""
    if not isinstance(value, list):
        return [f"{name} must be an array"]
    if len(value) < PAIR:
        return [f"{name} must contain at least {PAIR} elements"]
    if len(value) > PAIR:
        no = "not" if behaviour.validator == "0.13" else "no"
        return [f"{name} must contain {no} more than {PAIR} elements"]
    if not all(isinstance(item, Mapping) for item in value):
        return [f"each value in nested property {name} must be either object or array"]
    return []


def check_length(name: str, value: object, least: int, most: int) -> list[str]:
    """What is wrong with a text of ``least`` to ``most`` characters."""
    if not isinstance(value, str) or len(value) < least:
        return [f"{name} must be longer than or equal to {least} characters"]
    if len(value) > most:
        return [f"{name} must be shorter than or equal to {most} characters"]
    return []


def check_timeout(value: object) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return ["timeout must be a number conforming to the specified constraints"]
    if value < MIN_TIMEOUT:
        return [f"timeout must not be less than {MIN_TIMEOUT}"]
    if value > MAX_TIMEOUT:
        return [f"timeout must not be greater than {MAX_TIMEOUT}"]
    return []


def parse_chain_id(value: object) -> int | None:
    """The official clients have sent it as a number, in decimal and in hex."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 16 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_cluster(body: Mapping[str, Any]) -> Any:
    """``network``, which Aptos' requests called ``chainId`` until March 2023."""
    return body.get("network", APTOS_CHAIN_IDS.get(str(body.get("chainId"))))


def parse_time(value: str) -> datetime:
    """A time without a zone is UTC. Raises ``ValueError``."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_text(value: object) -> bool:
    return isinstance(value, str)


def matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def is_url(value: object) -> bool:
    try:
        return (
            isinstance(value, str)
            and not re.search(r"[\s<>]", value)
            and bool(urlsplit(value).scheme and urlsplit(value).hostname)
        )
    except ValueError:
        return False


def is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_time(value) is not None
    except ValueError:
        return False
