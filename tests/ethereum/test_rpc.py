"""The client of a node: what each answer means, and what is never told of its URL."""

import logging
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.views.debug import ExceptionReporter

from allauth_moralis import conf
from allauth_moralis.ethereum import rpc
from allauth_moralis.ethereum.rpc import CALLER, CallFailed, Session
from allauth_moralis.exceptions import (
    Misconfigured,
    UpstreamRejected,
    UpstreamUnavailable,
    WalletError,
)
from allauth_moralis.upstream import calls
from allauth_moralis.upstream.circuit import THRESHOLD
from allauth_moralis.upstream.client import POOL_SIZE, Client

from ..chain import faults
from ..chain.fixtures import PATIENT
from ..chain.node import CallFailed as Failure
from ..chain.node import Node

QUESTION = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
SECRET = "key-in-the-path-of-a-node"
ADDRESS = "0x" + "5b" * 20
BOUND = 3  # seconds; what nobody may wait, on however slow a machine


@dataclass
class Ledger:
    """A chain without an EVM: the same code everywhere, and one answer to all calls."""

    chain_id: int = 1
    held: bytes = b"\x60\x80"
    answer: bytes | Failure = bytes(32)
    asked: list[tuple[str | None, bytes, str, int]] = field(default_factory=list)

    def code(self, _address: str) -> bytes:
        return self.held

    def call(self, to: str | None, data: bytes, *, sender: str, gas: int) -> bytes:
        self.asked.append((to, data, sender, gas))
        if isinstance(self.answer, Failure):
            raise self.answer
        return self.answer


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def node(ledger, provider, monkeypatch) -> Iterator[Node]:
    """The node of chain 1, as the site's settings name it."""
    monkeypatch.setenv("NO_PROXY", "*")
    with Node(ledger) as running:
        provider.update(RPC={1: f"{running.url}/v2/{SECRET}?key={SECRET}"}, TIMEOUT=PATIENT)
        yield running


@pytest.fixture
def session(node) -> Session:
    started = rpc.session(1)
    assert started is not None
    return started


def again() -> Session:
    started = rpc.session(1)
    assert started is not None
    return started


# --- What is asked ----------------------------------------------------------------------------


def test_chain_without_a_node_has_no_session(node):
    assert rpc.session(8453) is None
    assert rpc.session(None) is None


def test_code_is_asked_for_after_the_chain(session, node):
    assert session.code(ADDRESS) == b"\x60\x80"
    assert [tuple(call) for call in node.calls] == [
        ("eth_chainId", []),
        ("eth_getCode", [ADDRESS, "latest"]),
    ]


def test_chain_is_asked_for_once_in_a_process(session, node):
    session.code(ADDRESS)
    again().call(b"", to=ADDRESS)

    assert node.methods == ["eth_chainId", "eth_getCode", "eth_call"]
    assert node.connections == 1


def test_chain_is_asked_for_anew_at_another_url(session, node, provider):
    session.code(ADDRESS)
    provider["RPC"] = {1: node.url}

    again().code(ADDRESS)

    assert node.methods.count("eth_chainId") == 2


def test_call_is_bounded_in_gas_and_comes_from_one_address(session, ledger):
    ledger.answer = b"\x01"

    assert session.call(b"\xab\xcd", to=ADDRESS) == b"\x01"
    assert session.call(b"\xab\xcd") == b"\x01"

    assert ledger.asked == [
        (ADDRESS, b"\xab\xcd", CALLER, 5_000_000),
        (None, b"\xab\xcd", CALLER, 5_000_000),
    ]


def test_error_that_is_null_is_no_error(session, node):
    """As JSON-RPC 1.0 has it, and some nodes still."""
    node.misbehave(faults.changed(error=None), times=2)

    assert session.code(ADDRESS) == b"\x60\x80"


# --- Answers that are none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.hang_up, UpstreamUnavailable),
        (faults.cut, UpstreamUnavailable),
        (faults.html("503 Service Unavailable"), UpstreamUnavailable),
        (faults.html("403 Forbidden"), UpstreamUnavailable),
        (faults.changed(status="201 Created"), UpstreamUnavailable),
        (faults.raw(b"{}", "429 Too Many Requests"), UpstreamUnavailable),
        (faults.changed(id=None, error={"code": -32700}), UpstreamUnavailable),
        (faults.changed(id=7, error={"code": -32700}), UpstreamRejected),
        (faults.error(-32005, "limit exceeded"), UpstreamUnavailable),
        (faults.error(-32601, "the method does not exist"), UpstreamUnavailable),
        (faults.error(3, "execution reverted", status="400 Bad Request"), UpstreamUnavailable),
        (faults.changed(error="execution reverted"), UpstreamUnavailable),
        (faults.html(), UpstreamRejected),
        (faults.raw(b"[" * 60_000), UpstreamRejected),
        (faults.raw(b"[]"), UpstreamRejected),
        (faults.raw(b"null"), UpstreamRejected),
        (faults.changed(id=7), UpstreamRejected),
        (faults.changed(id=None), UpstreamRejected),
        (faults.changed(id="1"), UpstreamRejected),
        (faults.result(None), UpstreamRejected),
        (faults.result("0x6"), UpstreamRejected),
        (faults.result("60"), UpstreamRejected),
        (faults.result("0x6g"), UpstreamRejected),
        (faults.result(["0x60"]), UpstreamRejected),
        (faults.result("0x" + "00" * 300_000), UpstreamRejected),
        (faults.gzip_bomb, UpstreamRejected),
    ],
)  # fmt: skip
def test_code_that_is_no_answer(session, node, fault, error):
    node.misbehave(fault, method="eth_getCode", times=2)  # a lost connection is tried again

    with pytest.raises(error) as caught:
        session.code(ADDRESS)
    assert type(caught.value) in (error, *error.__subclasses__())


def test_redirect_of_a_node_is_not_followed(session, node):
    node.misbehave(faults.redirect(f"{node.url}/elsewhere"), method="eth_getCode")

    with pytest.raises(UpstreamUnavailable):
        session.code(ADDRESS)
    assert node.methods == ["eth_chainId", "eth_getCode"]


@pytest.mark.parametrize("answer", ["0x2105", "0x0"])
def test_node_of_another_chain_is_a_mistake_of_the_settings(session, node, answer):
    node.misbehave(faults.result(answer), method="eth_chainId", times=2)

    with pytest.raises(Misconfigured):
        session.code(ADDRESS)
    with pytest.raises(Misconfigured):
        again().call(b"", to=ADDRESS)
    assert again().code(ADDRESS)  # put right, without a restart


@pytest.mark.parametrize("answer", [1, "1", "0x", None, "0x" + "1" * 17, "0x-1"])
def test_chain_id_that_is_none_is_refused(session, node, answer):
    node.misbehave(faults.result(answer), method="eth_chainId")

    with pytest.raises(UpstreamRejected):
        session.code(ADDRESS)


def test_url_that_is_none_is_a_mistake_of_the_settings(provider):
    provider["RPC"] = {1: "https://:no-port/"}

    with pytest.raises(Misconfigured):
        again().code(ADDRESS)


# --- What is the contract's doing -------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (3, "execution reverted: no"),
        (-32015, "VM execution error."),
        (-32000, "execution reverted"),
        (-32000, "out of gas"),
        (-32000, "gas required exceeds allowance (5000000)"),
        (-32000, "invalid opcode: INVALID"),
        (-32000, "stack underflow (0 <=> 2)"),
        (-32000, "invalid jump destination"),
        (-32000, "write protection"),
        (-32000, "return data out of bounds"),
        (-32000, "max code size exceeded"),
        (-32000, "Invalid code: must not begin with 0xef"),
        (-32000, "contract address collision"),
        (-32003, "EVM error: InvalidFEOpcode"),
        (-32003, "OutOfGas"),
        (-32603, "VM Exception while processing transaction: reverted"),
        (-32000, "Transaction processing could not be completed due to an exception"),
    ],
)
def test_contract_that_fails_is_told_apart_from_a_node_that_does(session, ledger, code, message):
    ledger.answer = Failure(code, message)

    with pytest.raises(CallFailed):
        session.call(b"", to=ADDRESS)


@pytest.mark.parametrize(
    "fault",
    [
        faults.error(-32005, "daily request count exceeded, request rate limited"),
        faults.error(-32603, "Internal error"),
        faults.error(-32000, "header not found"),
        faults.error(-32000, "execution aborted (timeout = 5s)"),
        faults.changed(error={"code": ["3"], "message": 3}),
    ],
)
def test_node_that_fails_at_a_call_is_unavailable(session, node, fault):
    node.misbehave(fault, method="eth_call")

    with pytest.raises(UpstreamUnavailable):
        session.call(b"", to=ADDRESS)


def test_answer_of_a_contract_that_is_too_large_is_the_contracts_doing(session, ledger):
    ledger.answer = bytes(100_000)

    with pytest.raises(CallFailed):
        session.call(b"", to=ADDRESS)


def test_code_may_be_as_long_as_chains_allow(session, ledger):
    ledger.held = b"\x60" * 128 * 1024

    assert session.code(ADDRESS) == ledger.held


def test_connection_that_has_died_meanwhile_is_replaced(session, node):
    """Nothing that is asked changes anything, so it may be asked twice."""
    session.code(ADDRESS)
    node.misbehave(faults.hang_up)

    assert again().code(ADDRESS) == b"\x60\x80"


# --- Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [faults.hang, faults.drip])
def test_node_that_is_slow_is_given_up(session, node, provider, fault):
    provider["TIMEOUT"] = (0.4, 0.4)
    node.misbehave(fault, times=2)
    started = time.monotonic()

    with pytest.raises(UpstreamUnavailable):
        again().code(ADDRESS)
    assert time.monotonic() - started < BOUND


def test_all_questions_of_a_session_share_one_time(node, provider):
    provider["TIMEOUT"] = (1, 1)
    node.misbehave(faults.late(0.6), times=2)
    slow = again()
    started = time.monotonic()

    with pytest.raises(UpstreamUnavailable):
        slow.call(b"")  # the chain is asked for, too
    assert time.monotonic() - started < BOUND


def test_session_whose_time_is_over_asks_nothing(node, provider):
    provider["TIMEOUT"] = (1, 0.01)
    late = again()
    time.sleep(0.02)

    with pytest.raises(UpstreamUnavailable, match="time of all calls"):
        late.code(ADDRESS)
    assert node.calls == []


# --- The circuit ------------------------------------------------------------------------------


def test_node_that_does_not_answer_is_left_alone_for_a_while(session, node):
    node.misbehave(faults.hang_up, times=2 * THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(UpstreamUnavailable):
            again().code(ADDRESS)

    with pytest.raises(UpstreamUnavailable, match="not asked"):
        again().code(ADDRESS)
    assert len(node.calls) == 2 * THRESHOLD  # each is tried again


@pytest.mark.parametrize(
    "fault", [faults.hang_up, faults.html("500 Internal Server Error"), faults.hang]
)
def test_no_contract_opens_the_circuit(node, provider, fault):
    """A contract that hangs or breaks its node would keep everybody else's out."""
    again().code(ADDRESS)
    provider["TIMEOUT"] = (0.4, 0.4)
    node.misbehave(fault, method="eth_call", times=2 * THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(UpstreamUnavailable):
            again().call(b"", to=ADDRESS)

    provider["TIMEOUT"] = PATIENT
    assert again().code(ADDRESS)


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        faults.hang_up,
        faults.cut,
        faults.html("500 Internal Server Error"),
        faults.redirect(f"https://node.example/{SECRET}"),
        faults.error(-32000, f"bad key {SECRET}"),
        faults.html(),
        faults.result("0x2105"),
    ],
)
def test_url_of_a_node_is_in_no_exception_and_no_log(session, node, caplog, fault):
    for name in ("", "allauth_moralis", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    host = node.url.removeprefix("http://")
    node.misbehave(fault, times=2 if fault is faults.hang_up else 1)

    with pytest.raises(WalletError) as caught:
        session.code(ADDRESS)
    session.code(ADDRESS)

    assert "node of chain 1: " in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    for text in (shown, caplog.text, repr(calls.latest())):
        assert SECRET not in text
        assert host not in text


def test_url_of_a_node_whose_headers_are_malformed_is_in_no_log(session, node, caplog):
    """urllib3 warns of them, with the URL, and goes on."""
    node.misbehave(faults.raw(b"{}", "503 Service Unavailable", headers="without a colon\r\n"))

    with pytest.raises(UpstreamUnavailable):
        session.code(ADDRESS)
    assert caplog.text == ""


def test_host_of_a_node_whose_connections_are_too_many_is_in_no_log(node, caplog):
    """urllib3 warns when it throws one away, at the end of a response."""
    client = Client(secret_url=True)
    responses = [
        client.request("POST", node.url, QUESTION, timeout=PATIENT) for _ in range(POOL_SIZE + 1)
    ]

    for response in responses:
        with response:
            assert response.json(1000) == {"jsonrpc": "2.0", "id": 1, "result": "0x1"}
    assert node.connections == POOL_SIZE + 1
    assert caplog.text == ""


@pytest.mark.parametrize(
    "nodes", [{1: f"https://node.example/{SECRET}"}, None, ["nonsense"], {1: 5}]
)
def test_error_reports_show_the_settings_without_the_urls_of_nodes(provider, rf, nodes):
    provider.update(RPC=nodes, API_KEY=SECRET)
    conf.hide_nodes()

    report = ExceptionReporter(rf.get("/"), *exception_with_settings())
    shown = report.get_traceback_html() + report.get_traceback_text() + repr(conf.current())
    assert "SOCIALACCOUNT_PROVIDERS" in shown
    assert SECRET not in shown
    assert provider["RPC"] == nodes


def exception_with_settings() -> Any:
    """Return an exception in whose frame the settings are a variable."""
    settings = conf.current()
    try:
        assert settings is None
    except AssertionError:
        return sys.exc_info()


def test_log_of_urllib3_is_silent_for_nodes_alone(session, node, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")

    session.code(ADDRESS)
    assert caplog.text == ""
    logging.getLogger("urllib3.connectionpool").debug("of somebody else")
    assert "of somebody else" in caplog.text
