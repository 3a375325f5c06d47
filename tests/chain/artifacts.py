"""The compiled contracts, and how their calls are written (ABI)."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from allauth_moralis.siwx.signatures import keccak256
from allauth_moralis.siwx.wallets import eip55

ROOT = Path(__file__).parent.parent.parent
VALIDATOR = ROOT / "allauth_moralis" / "ethereum" / "validator.hex"
SOURCES = Path(__file__).parent / "contracts"
CONTRACTS = Path(__file__).parent / "contracts.json"
DYNAMIC = ("bytes", "string")


def creation(name: str, *values: Any) -> bytes:
    """Return the code that creates a contract: its own, and what its constructor is given."""
    contract = _contracts()[name]
    return bytes.fromhex(contract["bytecode"]) + encode(contract["constructor"], *values)


class Plan(NamedTuple):
    """A contract that is not deployed yet: where it will be, and what deploys it."""

    address: str
    factory: str
    data: bytes


def plan(factory: str, name: str, *values: Any, salt: bytes = bytes(32)) -> Plan:
    """Return what a ``Factory`` would make of a contract (EIP-1014)."""
    code = creation(name, *values)
    hashed = keccak256(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak256(code))
    return Plan(eip55(hashed[12:].hex()), factory, call("create(bytes,bytes32)", code, salt))


def validation(account: str, digest: bytes, factory: str, data: bytes, signature: bytes) -> bytes:
    """Return the code with which a node is asked about a wallet that is not deployed."""
    types = ("address", "bytes32", "address", "bytes", "bytes")
    given = encode(types, account, digest, factory, data, signature)
    return bytes.fromhex(VALIDATOR.read_text()) + given


def call(signature: str, *values: Any) -> bytes:
    """Return the call of a function, as in ``call("rotate(address)", "0x…")``."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak256(signature.encode())[:4] + encode([each for each in types if each], *values)


def encode(types: list[str] | tuple[str, ...], *values: Any) -> bytes:
    """Return values as the ABI has them: words, and what has no fixed length after all of them."""
    head, tail = b"", b""
    for each, value in zip(types, values, strict=True):
        if each in DYNAMIC:
            head += (32 * len(types) + len(tail)).to_bytes(32)
            raw = value.encode() if isinstance(value, str) else value
            tail += len(raw).to_bytes(32) + raw + bytes(-len(raw) % 32)
        else:
            head += _word(each, value)
    return head + tail


def _word(kind: str, value: Any) -> bytes:
    if kind == "address":
        return bytes(12) + bytes.fromhex(value.removeprefix("0x"))
    return value if kind == "bytes32" else int(value).to_bytes(32)


@cache
def _contracts() -> dict[str, Any]:
    return json.loads(CONTRACTS.read_text())
