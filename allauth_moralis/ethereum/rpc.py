"""The JSON-RPC client of an Ethereum node. Only this file speaks JSON-RPC.

Nothing of a node's URL is in any error, page or log, because its path holds a key: the chain id
names the node.

Source: https://ethereum.github.io/execution-apis/
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any

from django.views.decorators.debug import sensitive_variables

from .. import conf
from ..exceptions import (
    Misconfigured,
    ResponseTooLarge,
    UpstreamError,
    UpstreamRejected,
    UpstreamUnavailable,
)
from ..upstream.circuit import Circuit

#: Bytes of a response. Code is long: 24 KiB by EIP-170, and 128 KiB on some chains, as hex.
MAX_CODE_RESPONSE, MAX_RESPONSE = 512 * 1024, 64 * 1024
MAX_GAS = 5_000_000
#: Who asks: the same always, so that no contract can answer by whom. No one holds its key.
CALLER = "0x0000000000000000000000000000000000001271"
#: One for all: each connection carries one question at a time.
ID = 1
HEX = re.compile(r"0x((?:[0-9a-fA-F]{2})*)", re.ASCII)
QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,16}", re.ASCII)

#: The codes of a reverted call (geth's and, with -32015, OpenEthereum's and Nethermind's).
REVERTED = (3, -32015)
#: What nodes say of a call that failed because of its contract: they agree on no code for it.
FAILED_CALL = re.compile(
    r"revert|out ?of ?gas|gas required exceeds|gas uint64 overflow|invalid ?(opcode|jump|code)|"
    r"bad ?(instruction|jump)|undefined instruction|InvalidFE|opcode not (found|supported)|"
    r"stack ?(under|over)flow|stack limit|call ?depth|write protection|static ?(call|state)|"
    r"return ?data|(create|max|init)_? ?(init)?(code|contract)_? ?size|collision|"
    r"\bvm (execution|exception)|\bevm error|insufficient balance for transfer|"
    r"could not be completed due to an exception",
    re.IGNORECASE,
)


class CallFailed(Exception):
    """The contract is at fault: it reverted, ran out of gas, or returned too much."""


class Node:
    """A node of one chain. Use one per process, so that its connections are kept alive."""

    def __init__(self, chain_id: int, url: str) -> None:
        self.chain_id = chain_id
        self.circuit = Circuit()
        self.is_right_chain = False
        self._url = url
        from ..upstream.client import Client  # noqa: PLC0415 - it takes 40 ms; most sites name no node

        self._client = Client(secret_url=True)

    @sensitive_variables()
    def post(
        self, method: str, params: tuple[Any, ...], timeout: tuple[float, float], limit: int
    ) -> dict[str, Any]:
        """Return the JSON object of a response of at most ``limit`` bytes.

        Raise an ``UpstreamError``.
        """
        body = {"jsonrpc": "2.0", "id": ID, "method": method, "params": params}
        # To ask twice does no harm: nothing that is asked here changes anything.
        with self._client.request("POST", self._url, body, timeout=timeout, retry=True) as response:
            if response.status != HTTPStatus.OK:
                raise UpstreamUnavailable(f"status {response.status}")
            data = response.json(limit)
        # Of an error the id may be null (JSON-RPC 2.0, "Response object").
        if not isinstance(data, dict) or data.get("id") not in (
            (ID,) if data.get("error") is None else (ID, None)
        ):
            raise UpstreamRejected("not a response of JSON-RPC")
        return data


class Session:
    """Some questions to one node, which share one time-out: ``TIMEOUT`` counts for all of them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._connect, total = conf.current().timeout
        self._ends = time.monotonic() + total

    def code(self, address: str) -> bytes:
        """Return the code at an address: nothing if there is no contract."""
        with self._naming_the_node():
            self._require_chain()
            with self._node.circuit.guard():
                response = self._post("eth_getCode", address, "latest", limit=MAX_CODE_RESPONSE)
                return _bytes(_result(response))

    def call(self, data: bytes, to: str | None = None) -> bytes:
        """Return what a call of the contract ``to`` returns, or the constructor in ``data``.

        Nothing is written to the chain. Raise ``CallFailed`` if it is the contract's fault that
        there is no answer. The circuit does not count what happens here: whoever wrote the contract
        could open it.
        """
        transaction = {"from": CALLER, "gas": hex(MAX_GAS), "data": "0x" + data.hex()}
        if to is not None:
            transaction["to"] = to
        with self._naming_the_node():
            self._require_chain()
            try:
                response = self._post("eth_call", transaction, "latest")
            except ResponseTooLarge:
                raise CallFailed from None
            if _is_the_contracts(response.get("error")):
                raise CallFailed
            return _bytes(_result(response))

    def _require_chain(self) -> None:
        """Raise ``Misconfigured`` unless the node is of the chain that the settings say.

        A node of another chain would say yes for another wallet.
        """
        if self._node.is_right_chain:
            return
        with self._node.circuit.guard():
            answer = _result(self._post("eth_chainId"))
        if not isinstance(answer, str) or not QUANTITY.fullmatch(answer):
            raise UpstreamRejected("not a chain id")
        if int(answer, 16) != self._node.chain_id:
            raise Misconfigured("it is of another chain")
        self._node.is_right_chain = True

    def _post(self, method: str, *params: Any, limit: int = MAX_RESPONSE) -> dict[str, Any]:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise UpstreamUnavailable("the time of all calls is over")
        return self._node.post(method, params, (min(self._connect, left), left), limit)

    @contextmanager
    def _naming_the_node(self) -> Iterator[None]:
        """Say in the log which node it was, by its chain."""
        try:
            yield
        except (UpstreamError, Misconfigured) as error:
            detail = f"node of chain {self._node.chain_id}: {error.detail}"
            raise type(error)(detail) from None


def session(chain_id: int | None) -> Session | None:
    """Start to ask the node of a chain. Return ``None`` if the site has none."""
    nodes = conf.current().rpc
    if chain_id is None or chain_id not in nodes:
        return None
    return Session(_node(chain_id, nodes[chain_id]))


@cache
def _node(chain_id: int, url: str) -> Node:
    return Node(chain_id, url)


def reset() -> None:
    """Forget the nodes, with their connections and what is known about them."""
    _node.cache_clear()


def _result(response: dict[str, Any]) -> Any:
    error = response.get("error")
    if error is not None:
        # Its text may contain anything, the key included.
        code = error.get("code") if isinstance(error, dict) else None
        raise UpstreamUnavailable(f"error {code}" if isinstance(code, int) else "an error")
    return response.get("result")


def _bytes(value: Any) -> bytes:
    match = HEX.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UpstreamRejected("not hex")
    return bytes.fromhex(match[1])


def _is_the_contracts(error: Any) -> bool:
    if not isinstance(error, dict):
        return False
    return error.get("code") in REVERTED or bool(FAILED_CALL.search(str(error.get("message"))))
