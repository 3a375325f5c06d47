"""A chain in this process: an EVM with the contracts of ``contracts`` on it."""

import re
import threading
from typing import Any

import pytest

from allauth_moralis.siwx.wallets import eip55

from .artifacts import creation
from .node import CallFailed, Node

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm has wheels for Python 3.11 and 3.12 alone")

SOMEBODY = "0x" + "5b" * 20
GAS_CAP = 50_000_000
#: Returns the code of the address that it is called with, as contracts see it (EXTCODECOPY).
READER = "0x" + "c0de" * 10
READER_CODE = bytes.fromhex("6000353b80600060006000353c6000f3")

REVERT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")
HALT = re.compile(r"Halt \{ reason: (\w+)")
#: What geth calls them. Others keep the EVM's own name.
HALTS = {
    "OutOfGas": "out of gas",
    "InvalidFEOpcode": "invalid opcode: INVALID",
    "OpcodeNotFound": "invalid opcode: opcode 0xc not defined",
}
ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string), of `revert("a reason")`


class Chain:
    """A chain. ``fork`` is the set of rules: "PARIS" has no PUSH0, "PRAGUE" has EIP-7702."""

    def __init__(self, chain_id: int = 1, *, fork: str = "PRAGUE") -> None:
        self.chain_id = chain_id
        configuration = pyrevm.CfgEnv(chain_id=chain_id)
        self._evm = pyrevm.EVM(pyrevm.Env(cfg=configuration), spec_id=fork)
        self._lock = threading.Lock()
        self.set_code(READER, READER_CODE)

    def serve(self) -> Node:
        """Return a node of this chain: ``with chain.serve() as node``, at ``node.url``."""
        return Node(self)

    def deploy(self, name: str, *values: Any) -> str:
        """Deploy a contract, given what its constructor takes, and return its address."""
        return eip55(self._evm.deploy(SOMEBODY, creation(name, *values))[2:])

    def send(self, to: str, data: bytes, *, sender: str = SOMEBODY) -> bytes:
        """Call a contract for good, as a transaction does."""
        with self._lock:
            return self._run(to, data, sender, GAS_CAP)

    def call(
        self, to: str | None, data: bytes, *, sender: str = SOMEBODY, gas: int = GAS_CAP
    ) -> bytes:
        """Call a contract, or run a constructor, and undo whatever that changed (``eth_call``).

        Raise ``CallFailed``.
        """
        with self._lock:
            before = self._evm.snapshot()
            try:
                return self._run(to, data, sender, min(gas, GAS_CAP))
            finally:
                self._evm.revert(before)

    def set_code(self, address: str, code: bytes) -> None:
        self._evm.insert_account_info(address, pyrevm.AccountInfo(code=code))

    def code(self, address: str) -> bytes:
        """Return the code of an address; ``pyrevm`` itself returns it padded."""
        return self.call(READER, bytes(12) + bytes.fromhex(address[2:]))

    def _run(self, to: str | None, data: bytes, sender: str, gas: int) -> bytes:
        try:
            if to is not None:
                return self._evm.message_call(sender, to, data, gas=gas)
            made = self._evm.deploy(sender, data, gas=gas)
            word = bytes(12) + bytes.fromhex(made[2:])
            return self._evm.message_call(SOMEBODY, READER, word)
        except RuntimeError as error:
            raise _failure(str(error)) from None


def _failure(said: str) -> CallFailed:
    """Return what geth says of a call that failed."""
    if match := REVERT.search(said):
        data = bytes.fromhex(match[1])
        return CallFailed(3, "execution reverted" + _reason(data), data)
    if match := HALT.search(said):
        return CallFailed(-32000, HALTS.get(match[1], match[1]))
    return CallFailed(-32000, "intrinsic gas too low" if "GasCost" in said else said)


def _reason(data: bytes) -> str:
    if not data.startswith(ERROR_STRING):
        return ""
    length = int.from_bytes(data[36:68])
    return ": " + data[68 : 68 + length].decode()
