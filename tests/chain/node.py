"""A node of a chain: JSON-RPC over real HTTP on loopback, as geth speaks it; or not at all."""

import json
from collections import defaultdict
from typing import Any, NamedTuple, Protocol

from ..faulty import Faulty, Peer, http
from .faults import Fault

ANY = "any"


class CallFailed(Exception):
    """A call that ended without a result. A revert (3) has what the contract returned."""

    def __init__(self, code: int, message: str, data: bytes | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    @property
    def described(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": _hex(self.data)}


class Call(NamedTuple):
    method: str
    params: list[Any]


class State(Protocol):
    """What a node needs of a chain."""

    chain_id: int

    def code(self, address: str, /) -> bytes: ...

    def call(self, to: str | None, data: bytes, /, *, sender: str, gas: int) -> bytes: ...


class Node(Faulty):
    """Keeps what it was asked in ``calls``, and does what it is told to by ``misbehave``."""

    def __init__(self, chain: State) -> None:
        super().__init__(self._answer)
        self.chain = chain
        self.calls: list[Call] = []
        self._faults: dict[str, list[Fault]] = defaultdict(list)

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    def misbehave(self, fault: Fault, *, method: str = ANY, times: int = 1) -> None:
        """Answer the next so many calls, of any method or of one, by a fault of ``faults``."""
        self._faults[method] += [fault] * times

    def _answer(self, peer: Peer) -> object:
        asked = json.loads(peer.request.partition(b"\r\n\r\n")[2])
        call = Call(asked["method"], asked.get("params", []))
        self.calls.append(call)
        answer = {"jsonrpc": "2.0", "id": asked["id"], **self._outcome(call)}
        for waiting in (self._faults[call.method], self._faults[ANY]):
            if waiting:
                return waiting.pop(0)(peer, answer)
        peer.send(http(answer, "200 OK", headers="Content-Type: application/json\r\n"))
        return True

    def _outcome(self, call: Call) -> dict[str, Any]:
        try:
            return {"result": self._result(call)}
        except CallFailed as failed:
            return {"error": failed.described}

    def _result(self, call: Call) -> str:
        match call.method, call.params:
            case "eth_chainId", []:
                return hex(self.chain.chain_id)
            case "eth_blockNumber", []:
                return "0x1"
            case "eth_getCode", [address, "latest"]:
                return _hex(self.chain.code(address))
            case "eth_call", [transaction, "latest"]:
                return self._call(transaction)
        raise CallFailed(-32601, f"the method {call.method} does not exist/is not available")

    def _call(self, transaction: dict[str, str]) -> str:
        data = transaction.get("data") or transaction.get("input") or "0x"
        returned = self.chain.call(
            transaction.get("to"),
            bytes.fromhex(data[2:]),
            sender=transaction.get("from", "0x" + "0" * 40),
            gas=int(transaction.get("gas", hex(2**63)), 16),
        )
        return _hex(returned)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
