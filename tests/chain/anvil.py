"""A whole chain of its own, with blocks and transactions: anvil, which comes from npm."""

import re
import subprocess
import threading
import time
from typing import Any, Self

import requests

from allauth_moralis.siwx.signatures import keccak256
from allauth_moralis.siwx.wallets import eip55
from allauth_moralis.testing import EvmWallet

from . import npm
from .artifacts import creation

CHAIN_ID = 31337
#: A program that was installed a moment ago may still be open for writing (ETXTBSY).
ATTEMPTS = 5
LISTENING = re.compile(r"Listening on (\S+)")
#: EIP-7702: what an account signs begins with it, lest it could be anything else.
AUTHORIZATION = b"\x05"


class Anvil:
    """``with Anvil() as anvil``: a chain at ``anvil.url`` until then; ``port=0`` is a free port."""

    def __init__(self, *, port: int = 0) -> None:
        self.port = port
        self.url = ""

    def __enter__(self) -> Self:
        for _ in range(ATTEMPTS):
            if self._start():
                return self
            time.sleep(1)
        raise RuntimeError("anvil did not start; it says why above")

    def _start(self) -> bool:
        program = npm.tool("anvil")
        options = [f"--port={self.port}", f"--chain-id={CHAIN_ID}", "--hardfork=prague"]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True)
        said = self._process.stdout
        match = next((found for line in said or () if (found := LISTENING.match(line))), None)
        if match is None:
            self._process.communicate()
            return False
        self.url = f"http://{match[1]}"
        self._somebody = self.rpc("eth_accounts")[0]
        # It goes on to say what it is asked, and waits while nobody reads that.
        self._reader = threading.Thread(target=self._process.communicate, daemon=True)
        self._reader.start()
        return True

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        self._reader.join(timeout=10)

    def wait(self) -> None:
        """Wait until it ends of itself, or by Ctrl-C."""
        self._reader.join()

    def rpc(self, method: str, *params: Any) -> Any:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = requests.post(self.url, json=asked, timeout=30).json()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def code(self, address: str) -> bytes:
        return bytes.fromhex(self.rpc("eth_getCode", address, "latest")[2:])

    def deploy(self, name: str, *values: Any) -> str:
        """Deploy a contract, given what its constructor takes, and return its address."""
        receipt = self._transact(data="0x" + creation(name, *values).hex())
        return eip55(receipt["contractAddress"][2:])

    def send(self, to: str, data: bytes, *, sender: str | None = None) -> None:
        """Call a contract in a transaction, of any ``sender``: anvil needs no key for it."""
        if sender is not None:
            self.rpc("anvil_impersonateAccount", sender)
            self.rpc("anvil_setBalance", sender, hex(10**18))
        self._transact(to=to, data="0x" + data.hex(), **({"from": sender} if sender else {}))

    def delegate(self, wallet: EvmWallet, delegate: str) -> None:
        """Have a wallet's account run a contract's code (a transaction of type 4, EIP-7702)."""
        nonce = int(self.rpc("eth_getTransactionCount", wallet.address, "latest"), 16)
        signed = [_number(CHAIN_ID), bytes.fromhex(delegate[2:]), _number(nonce)]
        signature = wallet.sign_digest(keccak256(AUTHORIZATION + _rlp(signed)))
        authorization = {
            "chainId": hex(CHAIN_ID),
            "address": delegate,
            "nonce": hex(nonce),
            "r": "0x" + signature[:32].hex(),
            "s": "0x" + signature[32:64].hex(),
            "yParity": hex(signature[64] - 27),
        }
        self._transact(type="0x4", to=wallet.address, authorizationList=[authorization])

    def _transact(self, **fields: Any) -> dict[str, Any]:
        """Send a transaction, wait for its block, and return its receipt."""
        transaction = {"from": self._somebody, **fields}
        receipt: dict[str, Any] = self.rpc("eth_sendTransactionSync", transaction)
        if receipt["status"] != "0x1":
            raise RuntimeError(f"the transaction failed: {receipt}")
        return receipt


def _rlp(items: list[bytes]) -> bytes:
    """Return a short list of short items as RLP: https://ethereum.org/developers/docs/rlp"""
    body = b"".join(
        item if len(item) == 1 and item[0] < 0x80 else bytes([0x80 + len(item)]) + item
        for item in items
    )
    return bytes([0xC0 + len(body)]) + body


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)
