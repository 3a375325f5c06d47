"""The validator that a node runs for wallets that are not deployed yet (ERC-6492)."""

import pytest

from allauth_moralis.siwx.signatures import eip191_hash
from allauth_moralis.testing import EvmWallet

from .chain import npm
from .chain.artifacts import CONTRACTS, VALIDATOR, Plan, call, plan, validation
from .chain.compiler import compile_contracts, compile_validator
from .chain.evm import Chain
from .chain.node import CallFailed

MESSAGE = "Sign in, please."
YES, NO = b"\1", b"\0"
GAS = 5_000_000
PRECOMPILE = "0x" + "4".zfill(40)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def factory(chain: Chain) -> str:
    return chain.deploy("Factory")


@pytest.fixture
def owner() -> EvmWallet:
    return EvmWallet()


@pytest.fixture
def planned(factory: str, owner: EvmWallet) -> Plan:
    return plan(factory, "Owner", owner.address)


def ask(chain: Chain, wallet: Plan, signature: bytes = b"", *, gas: int = GAS) -> bytes:
    digest = eip191_hash(MESSAGE)
    return chain.call(None, validation(wallet[0], digest, *wallet[1:], signature), gas=gas)


def test_the_owner_opens_a_wallet_that_is_not_deployed_and_it_stays_so(chain, planned, owner):
    assert ask(chain, planned, owner.sign_bytes(MESSAGE)) == YES
    assert chain.code(planned.address) == b""


def test_a_chain_without_push0_understands_it(owner):
    chain = Chain(fork="PARIS")
    planned = plan(chain.deploy("Factory"), "Owner", owner.address)

    assert ask(chain, planned, owner.sign_bytes(MESSAGE)) == YES
    assert ask(chain, planned, EvmWallet().sign_bytes(MESSAGE)) == NO


@pytest.mark.parametrize("size", [0, 1, 64, 65, 66, 8000])
def test_nobody_elses_signature_opens_it_however_long(chain, planned, size):
    signature = (EvmWallet().sign_bytes(MESSAGE) * 200)[:size]

    assert ask(chain, planned, signature) == NO


def test_the_signature_of_another_text_opens_nothing(chain, planned, owner):
    assert ask(chain, planned, owner.sign_bytes("Give all away.")) == NO


def test_the_owner_of_another_wallet_does_not_open_this_one(chain, planned, factory):
    thief = EvmWallet()
    own = plan(factory, "Owner", thief.address)
    forged = Plan(planned.address, own.factory, own.data)

    assert ask(chain, forged, thief.sign_bytes(MESSAGE)) == NO


def test_a_wallet_that_has_code_is_not_initialised_by_who_signs_in(chain):
    thief = EvmWallet()
    initialise = call("initialise(address)", thief.address)
    wallet = chain.deploy("Initialisable")
    trick = Plan(wallet, wallet, initialise)
    assert ask(chain, trick, thief.sign_bytes(MESSAGE)) == NO

    # It is the code that saves it: the thief's call would have done.
    chain.send(wallet, initialise)
    signed = call("isValidSignature(bytes32,bytes)", *signed_by(thief))
    assert chain.call(wallet, signed).startswith(bytes.fromhex("1626ba7e"))


def test_a_wallet_that_is_deployed_is_not_judged_here(chain, planned, owner):
    chain.send(planned.factory, planned.data)

    assert ask(chain, planned, owner.sign_bytes(MESSAGE)) == NO


def test_a_key_with_a_delegate_is_not_judged_by_it(chain, planned):
    account = EvmWallet().address
    delegate = chain.deploy("YesToAll")
    chain.set_code(account, bytes.fromhex("ef0100" + delegate[2:]))

    assert ask(chain, Plan(account, planned.factory, planned.data)) == NO


def test_no_code_is_no_yes(chain, planned):
    nobody = EvmWallet().address

    assert ask(chain, Plan(nobody, planned.factory, planned.data)) == NO
    assert ask(chain, Plan(nobody, nobody, b"")) == NO


def test_the_identity_precompile_echoes_no_yes(chain, planned):
    assert ask(chain, Plan(PRECOMPILE, planned.factory, planned.data)) == NO
    assert ask(chain, plan(planned.factory, "Proxy", PRECOMPILE)) == NO


@pytest.mark.parametrize("name", ["Reverts", "RevertsWithReason", "Invalid", "Loops", "HugeAnswer"])
def test_a_factory_that_fails_deploys_nothing(chain, planned, owner, name):
    broken = Plan(planned.address, chain.deploy(name), planned.data)

    assert ask(chain, broken, owner.sign_bytes(MESSAGE)) == NO


@pytest.mark.parametrize(
    "name",
    [
        "Denies",
        "DirtyMagic",
        "EchoPrefix",
        "HugeAnswer",
        "Initialisable",
        "Invalid",
        "LongAnswer",
        "Loops",
        "NoFunction",
        "Reverts",
        "RevertsWithReason",
        "RevertsWithYes",
        "SaysTrue",
        "ShortAnswer",
        "Silent",
    ],
)
def test_nothing_but_the_whole_word_is_a_yes(chain, factory, name):
    assert ask(chain, plan(factory, name)) == NO


def test_the_whole_word_is_a_yes(chain, factory):
    assert ask(chain, plan(factory, "YesToAll")) == YES


def test_an_offchain_lookup_is_no_yes(chain, factory):
    assert ask(chain, plan(factory, "LooksElsewhere", "https://elsewhere.example/")) == NO


def test_gas_that_does_not_last_is_an_error(chain, factory):
    with pytest.raises(CallFailed, match="out of gas"):
        ask(chain, plan(factory, "YesToAll"), gas=80_000)


@pytest.mark.xdist_group("npm")
def test_what_is_committed_is_what_the_source_compiles_to():
    npm.require("solcjs")
    again = "run `make contracts` after a change of a contract"

    assert VALIDATOR.read_text() == compile_validator(), again
    assert CONTRACTS.read_text() == compile_contracts(), again


def signed_by(wallet: EvmWallet) -> tuple[bytes, bytes]:
    return eip191_hash(MESSAGE), wallet.sign_bytes(MESSAGE)
