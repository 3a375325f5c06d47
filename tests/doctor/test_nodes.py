"""Nodes: the code that they are given on a real EVM, and what they do wrong."""

import time

import pytest

from allauth_moralis.doctor.nodes import ASK, NAMED, try_names, try_node
from allauth_moralis.ethereum import contracts, rpc
from allauth_moralis.ethereum.ens import UNIVERSAL_RESOLVER

from ..chain import faults
from ..chain.artifacts import call
from ..chain.fixtures import PATIENT
from ..chain.node import CallFailed, Node
from ..ens.common import SECRET
from .common import FAILED, PASSED, SKIPPED, WARNING, examined

NO = b"\x00"


class Answering:
    """A chain that runs no code, and says what a test wants."""

    node: Node

    def __init__(self, chain_id: int = 1) -> None:
        self.chain_id = chain_id
        self.age = 5.0
        self.gas = rpc.MAX_GAS - 60_000
        self.verdict = NO

    def code(self, _address):
        return b""

    def call(self, _to, data, *, gas, **_):
        assert gas == rpc.MAX_GAS
        if data != ASK:
            return self.verdict
        return self.gas.to_bytes(32) + int(time.time() - self.age).to_bytes(32)


@pytest.fixture
def state(provider):
    """A chain whose node the site's settings name."""
    state = Answering()
    with Node(state) as node:
        provider.update(RPC={1: node.url + SECRET}, TIMEOUT=PATIENT)
        state.node = node
        yield state


def node_of(chain_id: int = 1):
    finding = examined(try_node, chain_id)
    assert SECRET[4:] not in repr(finding)
    assert "127.0.0.1" not in repr(finding)
    return finding


def test_node_that_works(state):
    finding = node_of()

    assert finding.status == PASSED
    assert finding.seen.startswith("Ethereum, latest block ")
    assert finding.seen.endswith("calls have 4.9 million gas")


def test_chain_without_a_name_works_as_well(state, provider):
    state.chain_id = 424242
    provider["RPC"] = {424242: state.node.url}

    assert node_of(424242).seen.startswith("the right chain, latest block ")


def test_what_a_real_evm_says_to_the_code(chain, provider):
    """The gas that is left, and the time of the block, which this EVM puts at the epoch."""
    with chain.serve() as node:
        provider.update(RPC={1: node.url}, TIMEOUT=(20, 20))
        finding = node_of()

    assert finding.status == WARNING
    assert "calls have 4.9 million gas" in finding.seen
    assert "behind its chain" in finding.advice


def test_node_of_another_chain(state):
    state.chain_id = 137

    finding = node_of()

    assert (finding.status, finding.seen) == (
        FAILED,
        "misconfigured: node of chain 1: it is of another chain",
    )
    assert "In RPC" in finding.advice


def test_node_that_is_behind(state):
    state.age = 7200

    finding = node_of()

    assert finding.status == WARNING
    assert "latest block 7,2" in finding.seen


def test_node_that_gives_calls_little_gas(state):
    state.gas = 400_000

    finding = node_of()

    assert finding.status == WARNING
    assert "0.4 million gas" in finding.seen
    assert "5 million" in finding.advice


def test_node_that_runs_no_code_that_is_not_deployed(state, monkeypatch):
    def refuse(*_, **__):
        raise CallFailed(-32000, "execution reverted")

    monkeypatch.setattr(state, "call", refuse)

    assert "not deployed" in node_of().seen


def test_node_that_answers_with_too_little(state, monkeypatch):
    monkeypatch.setattr(state, "call", lambda *_, **__: b"")

    finding = node_of()

    assert finding.status == FAILED
    assert "not deployed" in finding.seen


def test_node_that_says_yes_to_anything(state):
    state.verdict = contracts.VALIDATOR_YES

    finding = node_of()

    assert finding.status == FAILED
    assert "yes to a signature of nobody" in finding.seen


@pytest.mark.parametrize(
    ("fault", "seen", "advice"),
    [
        (faults.html("401 Unauthorized"), "status 401", "key in the URL"),
        (faults.html("429 Too Many Requests"), "status 429", "wait a minute"),
        (faults.html("503 Service Unavailable"), "status 503", "status page"),
        (faults.error(-32005, f"limit of {SECRET}"), "error -32005", "status page"),
        (faults.hang_up, "no connection", "firewall"),
        (faults.hang, "no answer in time", "firewall"),
        (faults.html(), "not a response of JSON-RPC", "not the service"),
    ],
)
def test_node_that_fails(state, provider, fault, seen, advice):
    if fault is faults.hang:
        provider["TIMEOUT"] = (1, 1)
    state.node.misbehave(fault, times=2)

    finding = node_of()

    assert finding.status == FAILED
    assert f"node of chain 1: {seen}" in finding.seen
    assert advice in finding.advice


def test_node_that_the_settings_do_not_have():
    assert node_of(8453).status == SKIPPED


# --- ENS --------------------------------------------------------------------------------------


def test_name_that_has_been_there_for_years(chain, node):
    chain.set_code(UNIVERSAL_RESOLVER, chain.code(chain.deploy("UniversalResolver")))
    for data in (
        call("setName(address,string)", NAMED, "vitalik.eth"),
        call("setAddress(string,address)", "vitalik.eth", NAMED),
    ):
        chain.send(UNIVERSAL_RESOLVER, data)

    finding = examined(try_names)

    assert (finding.status, finding.seen) == (PASSED, "found vitalik.eth")


def test_chain_without_names(state):
    state.verdict = b""

    finding = examined(try_names)

    assert finding.status == WARNING
    assert "no name was found" in finding.seen


def test_node_that_does_not_answer_about_names(state):
    state.node.misbehave(faults.html("503 Service Unavailable"), times=2)

    assert examined(try_names).status == FAILED


@pytest.mark.parametrize("changed", [{"RPC": {}}, {"ENS": False}])
def test_names_that_are_not_shown(state, provider, changed):
    provider.update(changed)

    assert examined(try_names).status == SKIPPED
