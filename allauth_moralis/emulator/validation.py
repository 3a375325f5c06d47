"""The service's rules for the fields of a request, with the wording of its validator."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ..siwx.wallets import APTOS, EVM, SOLANA

Body = Mapping[str, Any]

#: The enumeration of ``chainId`` in the service's OpenAPI description of June 2024.
CHAINS = (
    1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, 1284, 1285, 1287, 1337, 8453, 10200, 43113,
    43114, 80001, 80002, 84531, 88882, 88888, 11155111,
)  # fmt: skip
MIN_TIMEOUT, MAX_TIMEOUT = 15, 120  # seconds
PAIR = 2
MIN_SOLANA, MAX_SOLANA = 32, 44  # characters
SOLANA_NETWORKS = ("mainnet", "testnet", "devnet")
APTOS_NETWORKS = ("mainnet", "testnet")
APTOS_CHAIN_IDS = {"1": "mainnet", "2": "testnet"}

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
DOMAIN_RULES = {
    "lenient": re.compile(
        rf"(?:{LABEL}(?:\.{LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?", re.ASCII
    ),
    "fqdn": re.compile(rf"(?:{LABEL}\.)+[a-zA-Z]{{2,}}|localhost", re.ASCII),
}
EVM_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
APTOS_ADDRESS = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
APTOS_KEY = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+", re.ASCII)
HEX = re.compile(r"(?:0x|0X)?[a-fA-F0-9]+", re.ASCII)


def check_request(network: str, body: Body, *, domain_rule: str) -> list[str]:
    """Return what is wrong with the body of ``POST /challenge/request/…``."""
    problems = []
    if not _matches(DOMAIN_RULES[domain_rule], body.get("domain")):
        problems.append("domain must be a valid domain name")
    problems += ACCOUNT_RULES[network](body)
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


def _check_evm(body: Body) -> list[str]:
    problems = []
    if parse_chain_id(body.get("chainId")) not in CHAINS:
        problems.append(_one_of("chainId", CHAINS))
    if not _matches(EVM_ADDRESS, body.get("address")):
        problems.append("address must be an Ethereum address")
    return problems


def _check_solana(body: Body) -> list[str]:
    problems = _check_network(body.get("network"), SOLANA_NETWORKS)
    address = body.get("address")
    if not isinstance(address, str) or len(address) < MIN_SOLANA:
        problems.append(f"address must be longer than or equal to {MIN_SOLANA} characters")
    elif len(address) > MAX_SOLANA:
        problems.append(f"address must be shorter than or equal to {MAX_SOLANA} characters")
    elif not BASE58.fullmatch(address):
        problems.append("address must be a valid Solana address")
    return problems


def _check_aptos(body: Body) -> list[str]:
    problems = _check_network(parse_cluster(body), APTOS_NETWORKS)
    if not _matches(APTOS_ADDRESS, body.get("address")):
        problems.append("address must be a valid Aptos address")
    if not _matches(APTOS_KEY, body.get("publicKey")):
        problems.append("publicKey must be a valid Aptos public key")
    return problems


ACCOUNT_RULES: dict[str, Callable[[Body], list[str]]] = {
    EVM: _check_evm,
    SOLANA: _check_solana,
    APTOS: _check_aptos,
}


def check_account(account: object) -> list[str]:
    """Return what is wrong with an account to bind or unbind."""
    if not isinstance(account, dict) or account.get("blockchainType") not in ACCOUNT_RULES:
        return [_one_of("blockchainType", ACCOUNT_RULES)]
    # Neither a chain nor a network is required here: any will do.
    body = {"chainId": 1, "network": "mainnet", **account}
    return ACCOUNT_RULES[account["blockchainType"]](body)


def check_pair(name: str, value: object) -> list[str]:
    """Return what is wrong with a list that must have two elements."""
    if not isinstance(value, list):
        return [f"{name} must be an array"]
    if len(value) < PAIR:
        return [f"{name} must contain at least 2 elements"]
    if len(value) > PAIR:
        return [f"{name} must contain no more than 2 elements"]
    return []


def reworded(problems: list[str], version: str) -> list[str]:
    """Return the problems in the wording of this version of the validator."""
    if version != "0.13":
        return problems
    return [
        re.sub(
            r"must be one of the following values: .*", "must be a valid enum value", problem
        ).replace("must be a URL address", "must be an URL address")
        for problem in problems
    ]


def check_verify(network: str | None, body: object) -> list[str]:
    """Return what is wrong with a text and its signature, of this network or, if none, of any."""
    if not isinstance(body, Mapping):
        return ["message must be present", "signature must be present"]
    missing = [
        f"{name} must be present"
        for name in ("message", "signature")
        if not _is_text(body.get(name)) or not body[name]
    ]
    if missing:
        return missing
    problems = [] if body["message"].isascii() else ["message must contain only ASCII characters"]
    if network == SOLANA:
        if not BASE58.fullmatch(body["signature"]):
            problems.append("signature must be a valid base58 string")
    elif network and not HEX.fullmatch(body["signature"]):
        problems.append("signature must be a valid hex string")
    return problems


def _check_network(value: object, networks: tuple[str, ...]) -> list[str]:
    if value is None:
        return ["network should not be empty"]
    return [] if value in networks else [_one_of("network", networks)]


def _one_of(name: str, values: Iterable[object]) -> str:
    return f"{name} must be one of the following values: {', '.join(map(str, values))}"


def parse_chain_id(value: object) -> int | None:
    """Parse a chain id. The official clients have sent it as a number, in decimal and in hex."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 16 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_cluster(body: Body) -> Any:
    """Return the ``network``, which Aptos' requests called ``chainId`` until March 2023."""
    return body.get("network", APTOS_CHAIN_IDS.get(str(body.get("chainId"))))


def parse_time(value: str) -> datetime:
    """Parse an ISO 8601 time; without a time zone it is UTC. Raise ``ValueError``."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_timeout(value: object) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN, and no overflow
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
