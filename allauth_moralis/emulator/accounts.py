"""Addresses of each network: the service's rules for them, and the wallet that they name."""

import re
from collections.abc import Callable

from ..wallets import APTOS, EVM, SOLANA, Wallet, eip55
from .answers import Body
from .fields import check_length, matches

MIN_SOLANA, MAX_SOLANA = 32, 44  # characters

EVM_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
APTOS_ADDRESS = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
APTOS_KEY = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]+", re.ASCII)


def _check_evm(body: Body) -> list[str]:
    if matches(EVM_ADDRESS, body.get("address")):
        return []
    return ["address must be an Ethereum address"]


def _check_solana(body: Body) -> list[str]:
    address = body.get("address")
    if problems := check_length("address", address, MIN_SOLANA, MAX_SOLANA):
        return problems
    return [] if matches(BASE58, address) else ["address must be a valid Solana address"]


def _check_aptos(body: Body) -> list[str]:
    problems = []
    if not matches(APTOS_ADDRESS, body.get("address")):
        problems.append("address must be a valid Aptos address")
    if not matches(APTOS_KEY, body.get("publicKey")):
        problems.append("publicKey must be a valid Aptos public key")
    return problems


#: What is wrong with a body's ``address``, and ``publicKey`` where there is one.
ADDRESS_RULES: dict[str, Callable[[Body], list[str]]] = {
    EVM: _check_evm,
    SOLANA: _check_solana,
    APTOS: _check_aptos,
}


def wallet_of(network: str, body: Body) -> Wallet:
    """The wallet that a body names, whose address was found in order."""
    if network == EVM:
        return Wallet(network, eip55(body["address"][2:].lower()))
    if network == APTOS:
        # Whether the service holds the key against the address is not known; this one does not.
        address, key = (body[name].removeprefix("0x").lower() for name in ("address", "publicKey"))
        return Wallet(network, f"0x{address:0>64}", f"0x{key}")
    return Wallet(network, body["address"])
