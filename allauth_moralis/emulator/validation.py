"""The service's own rules for the body of each endpoint, in the words of its validator."""

import re
from collections.abc import Callable

from ..wallets import APTOS, EVM, NETWORKS, SOLANA
from .accounts import ADDRESS_RULES, BASE58
from .answers import Body
from .behaviour import Behaviour
from .fields import (
    check_exactly_two,
    check_length,
    check_timeout,
    is_text,
    is_time,
    is_url,
    matches,
    not_url,
    one_of,
    parse_chain_id,
    parse_cluster,
)

#: The enumeration of ``chainId`` in the service's OpenAPI description of June 2024.
CHAINS = (
    1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, 1284, 1285, 1287, 1337, 8453, 10200, 43113,
    43114, 80001, 80002, 84531, 88882, 88888, 11155111,
)  # fmt: skip
SOLANA_NETWORKS = ("mainnet", "testnet", "devnet")
APTOS_NETWORKS = ("mainnet", "testnet")
PROFILE_LENGTH = 66  # characters

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
DOMAIN_RULES = {
    "lenient": re.compile(
        rf"(?:{LABEL}(?:\.{LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?", re.ASCII
    ),
    "fqdn": re.compile(rf"(?:{LABEL}\.)+[a-zA-Z]{{2,}}|localhost", re.ASCII),
}
HEX = re.compile(r"(?:0x|0X)?[a-fA-F0-9]+", re.ASCII)


def check_request(network: str, body: Body, behaviour: Behaviour) -> list[str]:
    """What is wrong with the body of ``POST /challenge/request/…``."""
    problems = []
    if not matches(DOMAIN_RULES[behaviour.domain_rule], body.get("domain")):
        problems.append("domain must be a valid domain name")
    problems += CHAIN_RULES[network](body, behaviour)
    problems += ADDRESS_RULES[network](body)
    if not is_url(body.get("uri")):
        problems.append(not_url("uri", behaviour))
    problems += check_timeout(body.get("timeout"))
    statement = body.get("statement")
    if statement is not None and not (isinstance(statement, str) and statement.isascii()):
        problems.append("statement must contain only ASCII characters")
    problems += [
        f"{name} must be a valid ISO 8601 date string"
        for name in ("expirationTime", "notBefore")
        if body.get(name) is not None and not is_time(body[name])
    ]
    resources = body.get("resources")
    if resources is not None and not (isinstance(resources, list) and all(map(is_text, resources))):
        problems.append("resources must be an array")
    return problems


def _check_chain(body: Body, behaviour: Behaviour) -> list[str]:
    known = parse_chain_id(body.get("chainId")) in CHAINS
    return [] if known else [one_of("chainId", CHAINS, behaviour)]


def _check_cluster(value: object, known: tuple[str, ...], behaviour: Behaviour) -> list[str]:
    if value is None:
        return ["network should not be empty"]
    return [] if value in known else [one_of("network", known, behaviour)]


CHAIN_RULES: dict[str, Callable[[Body, Behaviour], list[str]]] = {
    EVM: _check_chain,
    SOLANA: lambda body, behaviour: _check_cluster(body.get("network"), SOLANA_NETWORKS, behaviour),
    APTOS: lambda body, behaviour: _check_cluster(parse_cluster(body), APTOS_NETWORKS, behaviour),
}


def check_verify(network: str, body: Body) -> list[str]:
    """What is wrong with the body of ``POST /challenge/verify/…``."""
    if missing := check_signed(body):
        return missing
    problems = [] if body["message"].isascii() else ["message must contain only ASCII characters"]
    if network == SOLANA:
        if not BASE58.fullmatch(body["signature"]):
            problems.append("signature must be a valid base58 string")
    elif not HEX.fullmatch(body["signature"]):
        problems.append("signature must be a valid hex string")
    return problems


def check_signed(body: Body) -> list[str]:
    """What is wrong with the body of ``POST /bind/remove/verify``: a text and its signature."""
    return [
        f"{name} must be present"
        for name in ("message", "signature")
        if not is_text(body.get(name)) or not body[name]
    ]


def check_bind(body: Body, behaviour: Behaviour) -> list[str]:
    """What is wrong with the body of ``POST /bind/request``."""
    addresses = body.get("addresses")
    return check_exactly_two("addresses", addresses, behaviour) or [
        f"addresses.{index}.{problem}"
        for index, account in enumerate(addresses or ())
        for problem in _check_account(account, behaviour)
    ]


def check_bind_verify(body: Body, behaviour: Behaviour) -> list[str]:
    """What is wrong with the body of ``POST /bind/request/verify``."""
    verifications = body.get("verifications")
    return check_exactly_two("verifications", verifications, behaviour) or [
        f"verifications.{index}.{problem}"
        for index, signed in enumerate(verifications or ())
        for problem in check_signed(signed)
    ]


def check_unbind(body: Body, behaviour: Behaviour) -> list[str]:
    """What is wrong with the body of ``POST /bind/remove``."""
    return _check_account(body, behaviour) + check_profile(body.get("profileId"))


def check_profile(value: object) -> list[str]:
    return check_length("profileId", value, PROFILE_LENGTH, PROFILE_LENGTH)


def _check_account(body: Body, behaviour: Behaviour) -> list[str]:
    family = body.get("blockchainType")
    if family not in NETWORKS:
        return [one_of("blockchainType", NETWORKS, behaviour)]
    return ADDRESS_RULES[family](body)
