"""The client of a node: what each answer means, and what is never told of its URL."""

import logging
import time
import traceback

import pytest

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

from ..chain import faults
from ..chain.node import CallFailed as Failure
from .conftest import PATIENT, SECRET

ADDRESS = "0x" + "5b" * 20
BOUND = 3  # seconds; what nobody may wait, on however slow a machine


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
    node.misbehave(fault, method="eth_getCode")

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
    node.misbehave(faults.hang_up, times=THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(UpstreamUnavailable):
            again().code(ADDRESS)

    with pytest.raises(UpstreamUnavailable, match="not asked"):
        again().code(ADDRESS)
    assert len(node.calls) == THRESHOLD


@pytest.mark.parametrize(
    "fault", [faults.hang_up, faults.html("500 Internal Server Error"), faults.hang]
)
def test_no_contract_opens_the_circuit(node, provider, fault):
    """A contract that hangs or breaks its node would keep everybody else's out."""
    again().code(ADDRESS)
    provider["TIMEOUT"] = (0.4, 0.4)
    node.misbehave(fault, method="eth_call", times=THRESHOLD)
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
    node.misbehave(fault)

    with pytest.raises(WalletError) as caught:
        session.code(ADDRESS)
    session.code(ADDRESS)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    for text in (shown, caplog.text, repr(calls.latest())):
        assert SECRET not in text
        assert host not in text


def test_log_of_urllib3_is_silent_for_nodes_alone(session, node, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")

    session.code(ADDRESS)
    assert caplog.text == ""
    logging.getLogger("urllib3.connectionpool").debug("of somebody else")
    assert "of somebody else" in caplog.text
