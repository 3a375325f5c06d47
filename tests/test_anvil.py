"""Contract wallets sign in on a whole chain, whose node words its errors in its own way."""

from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.testing import (
    ContractWallet,
    EvmWallet,
    answer,
    obtain_challenge,
    refusal_code,
    sign_in,
    wrap_signature,
)

from .chain import npm
from .chain.anvil import CHAIN_ID, Anvil
from .chain.artifacts import Plan, call, plan
from .chain.wallets import OwnersWallet

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("npm")]


@pytest.fixture(scope="module")
def running() -> Iterator[Anvil]:
    npm.require("anvil")
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def anvil(running: Anvil, provider: dict) -> Anvil:
    provider["RPC"] = {CHAIN_ID: running.url}
    return running


@pytest.fixture(scope="module")
def factory(running: Anvil) -> str:
    return running.deploy("Factory")


def undeployed(planned: Plan, owner: EvmWallet) -> ContractWallet:
    return ContractWallet(
        planned.address, owner, CHAIN_ID, factory=planned.factory, factory_data=planned.data
    )


def test_the_owner_of_a_contract_signs_in_as_that_contract(client, anvil):
    owner = EvmWallet()
    address = anvil.deploy("Owner", owner.address)

    assert sign_in(client, ContractWallet(address, owner, CHAIN_ID)).status_code == 302

    account = SocialAccount.objects.get()
    assert account.uid == f"eip155:{CHAIN_ID}:{address}"
    assert account.extra_data["verified_by"] == "contract"


def test_who_was_the_owner_until_a_block_ago_is_refused(client, anvil):
    first, second = EvmWallet(), EvmWallet()
    address = anvil.deploy("Owner", first.address)
    assert sign_in(client, ContractWallet(address, first, CHAIN_ID)).status_code == 302

    anvil.send(address, call("rotate(address)", second.address), sender=first.address)

    refused = sign_in(Client(), ContractWallet(address, first, CHAIN_ID))
    assert refusal_code(refused) == "signature_invalid"
    assert sign_in(Client(), ContractWallet(address, second, CHAIN_ID)).status_code == 302
    assert SocialAccount.objects.count() == 1


def test_an_owner_signs_for_this_contract_alone(client, anvil):
    first, second = EvmWallet(), EvmWallet()
    address = anvil.deploy("Owners", first.address, second.address)
    twin = anvil.deploy("Owners", first.address, second.address)
    wallet = OwnersWallet(address, second, CHAIN_ID, number=1)

    handle, message = obtain_challenge(client, ContractWallet(twin, second, CHAIN_ID))
    assert refusal_code(answer(client, handle, wallet.sign(message))) == "signature_invalid"

    assert sign_in(client, wallet).status_code == 302


def test_a_wallet_signs_in_before_it_is_deployed_and_afterwards(client, anvil, factory):
    owner = EvmWallet()
    planned = plan(factory, "Owner", owner.address)
    wrapping = undeployed(planned, owner)
    assert sign_in(client, wrapping).status_code == 302
    assert anvil.code(planned.address) == b""

    anvil.send(planned.factory, planned.data)

    for wallet in (wrapping, ContractWallet(planned.address, owner, CHAIN_ID)):
        assert sign_in(Client(), wallet).status_code == 302
    assert SocialAccount.objects.get().uid == f"eip155:{CHAIN_ID}:{planned.address}"


def test_another_owner_signs_in_neither_before_it_is_deployed_nor_afterwards(
    client, anvil, factory
):
    planned = plan(factory, "Owner", EvmWallet().address)
    thief = undeployed(planned, EvmWallet())
    assert refusal_code(sign_in(client, thief)) == "signature_invalid"

    anvil.send(planned.factory, planned.data)

    assert refusal_code(sign_in(client, thief)) == "signature_invalid"


def test_an_account_without_an_owner_is_not_initialised_by_who_signs_in(client, anvil):
    thief = EvmWallet()
    address = anvil.deploy("Initialisable")
    initialise = call("initialise(address)", thief.address)

    refused = sign_in(client, undeployed(Plan(address, address, initialise), thief))

    assert refusal_code(refused) == "signature_invalid"
    # Had it been called, the thief would be let in.
    anvil.send(address, initialise)
    assert sign_in(client, ContractWallet(address, thief, CHAIN_ID)).status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        "Denies",
        "DirtyMagic",
        "EchoPrefix",
        "HugeAnswer",
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
def test_a_contract_that_does_not_say_yes_lets_nobody_in(client, anvil, factory, name):
    owner = EvmWallet()
    deployed = ContractWallet(anvil.deploy(name), owner, CHAIN_ID)
    planned = undeployed(plan(factory, name), owner)

    for wallet in (deployed, planned):
        refused = sign_in(client, wallet)
        assert (refused.status_code, refusal_code(refused)) == (401, "signature_invalid")


@pytest.mark.parametrize("name", ["Loops", "Invalid", "Reverts", "HugeAnswer"])
def test_a_factory_that_does_not_deploy_lets_nobody_in(client, anvil, factory, name):
    owner = EvmWallet()
    address, _, data = plan(factory, "Owner", owner.address)
    wallet = undeployed(Plan(address, anvil.deploy(name), data), owner)

    assert refusal_code(sign_in(client, wallet)) == "signature_invalid"


def test_nobody_is_sent_elsewhere_for_the_answer(client, anvil):
    address = anvil.deploy("LooksElsewhere", "http://127.0.0.1:9/{data}")

    refused = sign_in(client, ContractWallet(address, chain_id=CHAIN_ID))

    assert refusal_code(refused) == "signature_invalid"


def test_the_identity_precompile_is_nobodys_wallet(client, anvil, factory):
    precompile = "0x" + "4".zfill(40)
    _, _, data = plan(factory, "Owner", EvmWallet().address)

    for wallet in (
        ContractWallet(precompile, chain_id=CHAIN_ID),
        undeployed(Plan(precompile, factory, data), EvmWallet()),
        ContractWallet(anvil.deploy("Proxy", precompile), chain_id=CHAIN_ID),
    ):
        assert refusal_code(sign_in(client, wallet)) == "signature_invalid"


def test_a_key_signs_in_whatever_its_account_delegates_to(client, anvil, provider):
    wallet = EvmWallet()
    delegate = anvil.deploy("Denies")
    anvil.delegate(wallet, delegate)
    assert anvil.code(wallet.address) == bytes.fromhex("ef0100" + delegate[2:])
    provider["RPC"] = {CHAIN_ID: "http://127.0.0.1:9"}  # nobody is asked

    assert sign_in(client, wallet, chain_id=CHAIN_ID).status_code == 302

    assert SocialAccount.objects.get().uid == wallet.address


def test_another_key_does_not_sign_in_for_an_account_whose_delegate_says_yes(
    client, anvil, factory
):
    wallet = EvmWallet()
    anvil.delegate(wallet, anvil.deploy("YesToAll"))
    asked = {"to": wallet.address, "data": "0x1626ba7e"}
    assert anvil.rpc("eth_call", asked, "latest").startswith("0x1626ba7e")

    planned = plan(factory, "YesToAll")
    for thief in (
        ContractWallet(wallet.address, chain_id=CHAIN_ID),
        undeployed(Plan(wallet.address, planned.factory, planned.data), EvmWallet()),
    ):
        refused = sign_in(client, thief)
        assert refusal_code(refused) == "contract_wallet_unsupported"


def test_a_node_of_another_chain_lets_nobody_in(client, anvil, provider):
    owner = EvmWallet()
    address = anvil.deploy("Owner", owner.address)
    provider["RPC"] = {8453: anvil.url}

    refused = sign_in(client, ContractWallet(address, owner, 8453))

    assert (refused.status_code, refusal_code(refused)) == (503, "misconfigured")


def test_a_wrapper_within_a_wrapper_is_refused(client, anvil, factory):
    owner = EvmWallet()
    planned = plan(factory, "Owner", owner.address)
    wallet = undeployed(planned, owner)
    handle, message = obtain_challenge(client, wallet)

    twice = wrap_signature(wallet.sign_bytes(message), planned.factory, planned.data)

    assert refusal_code(answer(client, handle, twice.hex())) == "signature_invalid"
