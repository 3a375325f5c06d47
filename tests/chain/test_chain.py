"""The chain and its contracts do what the tests of contract wallets take for granted."""

import pytest
import requests

from allauth_moralis.siwx.signatures import eip191_hash
from allauth_moralis.testing import ContractWallet, EvmWallet

from . import faults
from .artifacts import call, plan
from .evm import Chain
from .node import CallFailed
from .wallets import OwnersWallet

YES = bytes.fromhex("1626ba7e") + bytes(28)
NO = bytes.fromhex("ffffffff") + bytes(28)
MESSAGE = "Sign in, please."
QUESTION = {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId", "params": []}
IS_VALID = "isValidSignature(bytes32,bytes)"


@pytest.fixture
def chain() -> Chain:
    return Chain()


def ask(chain: Chain, address: str, signature: bytes = b"", *, gas: int = 5_000_000) -> bytes:
    return chain.call(address, call(IS_VALID, eip191_hash(MESSAGE), signature), gas=gas)


def accepts(chain: Chain, wallet: ContractWallet) -> bool:
    return ask(chain, wallet.address, wallet.sign_bytes(MESSAGE)) == YES


# --- Wallets ----------------------------------------------------------------------------------


def test_the_owner_opens_the_wallet_until_it_is_handed_over(chain):
    first, second = EvmWallet(), EvmWallet()
    address = chain.deploy("Owner", first.address)
    assert accepts(chain, ContractWallet(address, first))
    assert not accepts(chain, ContractWallet(address, second))

    chain.send(address, call("rotate(address)", second.address), sender=first.address)

    assert not accepts(chain, ContractWallet(address, first))
    assert accepts(chain, ContractWallet(address, second))


def test_an_owner_opens_only_the_wallet_and_the_chain_that_were_meant(chain):
    owner, other = EvmWallet(), EvmWallet()
    address = chain.deploy("Owners", other.address, owner.address)
    twin = chain.deploy("Owners", other.address, owner.address)
    wallet = OwnersWallet(address, owner, number=1)

    assert accepts(chain, wallet)
    assert ask(chain, twin, wallet.sign_bytes(MESSAGE)) == NO
    assert not accepts(chain, OwnersWallet(address, owner, chain_id=8453, number=1))
    assert not accepts(chain, OwnersWallet(address, owner, number=0))


def test_a_wallet_without_an_owner_is_the_first_ones_who_asks_for_it(chain):
    thief = EvmWallet()
    wallet = ContractWallet(chain.deploy("Initialisable"), thief)
    assert not accepts(chain, wallet)

    chain.send(wallet.address, call("initialise(address)", thief.address))

    assert accepts(chain, wallet)


def test_a_proxy_is_the_wallet_that_it_stands_for(chain):
    wallet = ContractWallet(chain.deploy("Proxy", chain.deploy("Initialisable")))

    chain.send(wallet.address, call("initialise(address)", wallet.owner.address))

    assert accepts(chain, wallet)


def test_the_factory_makes_a_wallet_where_it_was_planned(chain):
    owner = EvmWallet()
    planned = plan(chain.deploy("Factory"), "Owner", owner.address)
    assert chain.code(planned.address) == b""

    chain.send(planned.factory, planned.data)

    assert accepts(chain, ContractWallet(planned.address, owner))


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("YesToAll", YES),
        ("Denies", NO),
        ("SaysTrue", bytes(31) + b"\1"),
        ("DirtyMagic", YES[:31] + b"\1"),
        ("EchoPrefix", YES[:4] + eip191_hash(MESSAGE)[:28]),
        ("ShortAnswer", YES[:4]),
        ("LongAnswer", YES + bytes(32)),
        ("Silent", b""),
    ],
)
def test_a_contract_answers_as_it_is_named(chain, name, answer):
    assert ask(chain, chain.deploy(name)) == answer


def test_a_huge_answer_begins_with_a_yes_and_fits_into_the_gas(chain):
    answer = ask(chain, chain.deploy("HugeAnswer"))

    assert (answer[:32], len(answer)) == (YES, 200 * 1024)


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("NoFunction", 3, "execution reverted"),
        ("Reverts", 3, "execution reverted"),
        ("RevertsWithReason", 3, "execution reverted: not today"),
        ("RevertsWithYes", 3, "execution reverted"),
        ("Invalid", -32000, "invalid opcode: INVALID"),
        ("Loops", -32000, "out of gas"),
    ],
)
def test_a_contract_fails_as_it_is_named(chain, name, code, message):
    with pytest.raises(CallFailed) as raised:
        ask(chain, chain.deploy(name))

    assert (raised.value.code, raised.value.message) == (code, message)
    assert (raised.value.data == YES) == (name == "RevertsWithYes")


def test_a_contract_asks_to_look_elsewhere(chain):
    with pytest.raises(CallFailed) as raised:
        ask(chain, chain.deploy("LooksElsewhere", "https://elsewhere.example/{data}"))

    assert raised.value.code == 3
    assert raised.value.data is not None
    assert raised.value.data.startswith(bytes.fromhex("556f1830"))  # EIP-3668's OffchainLookup
    assert b"https://elsewhere.example/{data}" in raised.value.data


def test_the_identity_precompile_echoes_the_question_and_so_does_a_proxy_to_it(chain):
    precompile = "0x" + "4".zfill(40)

    assert ask(chain, precompile).startswith(YES[:4])
    assert ask(chain, chain.deploy("Proxy", precompile)).startswith(YES[:4])
    assert chain.code(precompile) == b""


# --- The node ---------------------------------------------------------------------------------


def rpc(url: str, method: str, *params: object, timeout: float = 30) -> dict:
    asked = {**QUESTION, "method": method, "params": params}
    answer = requests.post(url, json=asked, timeout=timeout, allow_redirects=False).json()
    assert answer["id"] == 7
    return answer


def test_a_node_answers_as_geth_does(chain):
    wallet, denies = chain.deploy("YesToAll"), chain.deploy("RevertsWithReason")
    with Chain(8453).serve() as node:
        assert rpc(node.url, "eth_chainId") == {"jsonrpc": "2.0", "id": 7, "result": "0x2105"}
    with chain.serve() as node:
        assert rpc(node.url, "eth_getCode", "0x" + "0" * 40, "latest")["result"] == "0x"
        assert len(rpc(node.url, "eth_getCode", wallet, "latest")["result"]) > 2
        question = {"to": wallet, "data": "0x1626ba7e", "gas": "0x4c4b40"}
        assert rpc(node.url, "eth_call", question, "latest")["result"] == "0x" + YES.hex()
        error = rpc(node.url, "eth_call", {**question, "to": denies}, "latest")["error"]
        assert error["data"].startswith("0x08c379a0")
        error = rpc(node.url, "eth_call", {**question, "gas": "0x5208"}, "latest")["error"]
        assert error == {"code": -32000, "message": "intrinsic gas too low"}
        assert rpc(node.url, "eth_nothing")["error"]["code"] == -32601

    assert node.methods == ["eth_getCode"] * 2 + ["eth_call"] * 3 + ["eth_nothing"]
    assert node.calls[2].params == [question, "latest"]


def test_a_call_changes_nothing(chain):
    initialisable = chain.deploy("Initialisable")
    initialise = call("initialise(address)", EvmWallet().address)
    planned = plan(chain.deploy("Factory"), "YesToAll")

    for _ in range(2):
        assert chain.call(initialisable, initialise) == b""
        assert chain.call(planned.factory, planned.data)[12:].hex() == planned.address[2:].lower()

    assert chain.call(initialisable, call("owner()")) == bytes(32)
    assert chain.code(planned.address) == b""


def test_a_constructor_is_run_and_forgotten(chain):
    returns_one_byte = bytes.fromhex("600160005360016000f3")

    assert chain.call(None, returns_one_byte) == b"\1"
    with pytest.raises(CallFailed, match="out of gas"):
        chain.call(None, bytes.fromhex("5b600056"), gas=100_000)


def test_a_node_misbehaves_once_and_for_one_method_alone(chain):
    with chain.serve() as node:
        node.misbehave(faults.error(-32005, "limit exceeded"), method="eth_call")
        node.misbehave(faults.result("0x1"), method="eth_chainId", times=2)

        assert rpc(node.url, "eth_blockNumber")["result"] == "0x1"
        assert rpc(node.url, "eth_call", {}, "latest")["error"]["code"] == -32005
        assert rpc(node.url, "eth_call", {}, "latest")["result"] == "0x"
        assert {rpc(node.url, "eth_chainId")["result"] for _ in range(2)} == {"0x1"}


@pytest.mark.parametrize("fault", [faults.hang, faults.late(2)])
def test_a_node_lets_one_wait(chain, fault):
    with chain.serve() as node:
        node.misbehave(fault)

        with pytest.raises(requests.ReadTimeout):
            rpc(node.url, "eth_chainId", timeout=0.3)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.hang_up, requests.ConnectionError),
        (faults.cut, requests.exceptions.ChunkedEncodingError),
        (faults.html("503 Service Unavailable"), requests.exceptions.JSONDecodeError),
        (faults.redirect("http://127.0.0.1:9/"), requests.exceptions.JSONDecodeError),
        (faults.changed(id=8), AssertionError),
    ],
)
def test_a_node_misbehaves_as_it_is_told(chain, fault, expected):
    with chain.serve() as node:
        node.misbehave(fault)

        with pytest.raises(expected):
            rpc(node.url, "eth_chainId")


def test_a_node_sends_little_that_becomes_much(chain):
    with chain.serve() as node:
        node.misbehave(faults.gzip_bomb)

        with requests.post(node.url, json=QUESTION, timeout=10, stream=True) as response:
            assert int(response.headers["Content-Length"]) < 100_000
            assert len(response.content) > 50_000_000
