"""Sign-in with contract wallets on an EVM: who gets in, who does not, what the node is asked."""

import re
from dataclasses import replace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.siwx.signatures import eip191_hash
from allauth_moralis.testing import (
    ContractWallet,
    EvmWallet,
    answer,
    obtain_challenge,
    sign_in,
    wrap_signature,
)

from ..ceremony import page_code, user_of
from ..chain import faults
from ..chain.artifacts import call, plan
from ..chain.wallets import OwnersWallet
from ..conftest import API_KEY

pytestmark = pytest.mark.django_db

DELEGATE = "0x" + "de" * 20
VERDICT = ["eth_getCode", "eth_call"]
FIRST_VERDICT = ["eth_chainId", *VERDICT]
HOSTILE = [
    "Denies", "SaysTrue", "DirtyMagic", "EchoPrefix", "ShortAnswer", "LongAnswer", "HugeAnswer",
    "Silent", "NoFunction", "Reverts", "RevertsWithReason", "RevertsWithYes", "Invalid", "Loops",
]  # fmt: skip


def refusal(client: Client, wallet: ContractWallet | EvmWallet, **changed: str) -> str:
    """Return the code with which a sign-in is refused."""
    issued = obtain_challenge(client, wallet)
    response = answer(client, issued.challenge, **{**wallet.prove(issued.message), **changed})
    code = page_code(response)
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    return code


# --- The key comes first ----------------------------------------------------------------------


@pytest.mark.parametrize("delegate", [None, "Denies", "YesToAll", "Loops"])
def test_key_signs_in_and_no_node_is_asked(client, chain, node, wallet, delegate):
    """An account that delegates to a contract (EIP-7702) is still its key's."""
    if delegate:
        target = chain.deploy(delegate)
        chain.set_code(wallet.address, bytes.fromhex("ef0100" + target[2:]))

    sign_in(client, wallet)

    account = SocialAccount.objects.get()
    assert account.uid == wallet.address
    assert account.extra_data["verified_by"] == "local"
    assert node.calls == []


def test_another_key_of_a_delegated_account_is_refused_with_its_own_code(
    client, chain, node, wallet
):
    """Even if the delegate says yes to it."""
    chain.set_code(wallet.address, bytes.fromhex("ef0100" + chain.deploy("YesToAll")[2:]))

    for signature in (EvmWallet().sign("x"), "0x" + "5b" * 100):
        assert refusal(client, wallet, signature=signature) == "contract_wallet_unsupported"
    assert "eth_call" not in node.methods


def test_signature_of_erc_8010_is_refused_before_the_node_is_asked(client, node, owned):
    signature = owned.owner.sign("x") + "8010" * 16

    assert refusal(client, owned, signature=signature) == "contract_wallet_unsupported"
    assert node.calls == []


def test_message_that_was_signed_on_chain_is_refused(client, chain, node):
    everything = ContractWallet(chain.deploy("YesToAll"))

    assert refusal(client, everything, signature="0x") == "contract_wallet_unsupported"
    assert node.calls == []


@pytest.mark.parametrize("signature", ["0xzz", "0x123", "nonsense"])
def test_signature_that_is_not_hex_is_refused_before_the_node_is_asked(
    client, node, owned, signature
):
    assert refusal(client, owned, signature=signature) == "signature_invalid"
    assert node.calls == []


# --- Without a node ---------------------------------------------------------------------------


def test_without_a_node_a_contract_is_not_supported(client, owned, planned, provider):
    assert refusal(client, planned) == "contract_wallet_unsupported"
    assert refusal(client, owned) == "signature_invalid"  # it looks like a key's


def test_without_a_node_the_sentence_names_smart_wallets(client, owned):
    issued = obtain_challenge(client, owned)

    page = answer(client, issued.challenge, **owned.prove(issued.message)).content.decode()

    assert "Smart wallets (contract wallets) cannot be used here" in page


def test_node_of_another_chain_is_not_asked(client, node, owned):
    assert refusal(client, replace(owned, chain_id=10)) == "signature_invalid"
    assert node.calls == []


# --- Wallets that are deployed ----------------------------------------------------------------


def test_owner_signs_in_as_the_contract_of_this_chain(client, node, owned):
    sign_in(client, owned)

    account = SocialAccount.objects.get()
    assert account.uid == f"eip155:1:{owned.address}"
    assert account.extra_data["verified_by"] == "contract"
    assert account.extra_data["network"] == "evm"
    assert account.extra_data["chain_id"] == 1
    assert account.extra_data["verified"]["address"] == owned.address
    assert account.user.username == owned.address.lower()
    assert user_of(client) == account.user_id


def test_node_is_asked_three_things_at_first_and_two_later(client, node, owned):
    sign_in(client, owned)
    assert node.methods == FIRST_VERDICT

    sign_in(Client(), owned)
    assert node.methods == FIRST_VERDICT + VERDICT
    assert SocialAccount.objects.count() == 1


def test_no_verdict_is_remembered(client, chain, node, owned):
    sign_in(client, owned)
    heir = EvmWallet()
    chain.send(owned.address, call("rotate(address)", heir.address), sender=owned.owner.address)

    late = Client()
    issued = obtain_challenge(late, owned)
    assert (
        page_code(answer(late, issued.challenge, **owned.prove(issued.message)))
        == "signature_invalid"
    )
    sign_in(late, replace(owned, owner=heir))
    assert user_of(late) == user_of(client)


def test_stored_text_is_what_is_asked_about(client, node, owned):
    issued = obtain_challenge(client, owned)

    answer(client, issued.challenge, **owned.prove(issued.message))

    asked = node.calls[-1].params[0]["data"]
    assert asked.startswith("0x1626ba7e" + eip191_hash(issued.message).hex())


def test_signature_that_a_wallet_binds_to_chain_and_contract_is_its_own_affair(client, chain, node):
    owner = EvmWallet()
    address = chain.deploy("Owners", EvmWallet().address, owner.address)

    sign_in(client, OwnersWallet(address, owner, number=1))

    assert SocialAccount.objects.get().uid == f"eip155:1:{address}"


def test_signature_in_upper_case_is_stored_in_the_one_spelling(client, node, owned):
    issued = obtain_challenge(client, owned)
    signature = owned.sign(issued.message)

    answer(client, issued.challenge, " 0X" + signature[2:].upper() + "\n")

    assert SocialAccount.objects.get().extra_data["signature"] == signature


def test_stranger_is_refused(client, node, owned):
    assert refusal(client, replace(owned, owner=EvmWallet())) == "signature_invalid"


@pytest.mark.parametrize("contract", HOSTILE)
def test_contract_that_does_not_say_the_whole_word_is_no_wallet(client, chain, node, contract):
    hostile = ContractWallet(chain.deploy(contract))

    assert refusal(client, hostile) == "signature_invalid"
    assert refusal(client, hostile) == "signature_invalid"
    assert sign_in(client, ContractWallet(chain.deploy("YesToAll"))).status_code == 302


def test_answer_from_elsewhere_is_not_fetched(client, chain, node):
    """EIP-3668: the contract names a URL, which a client is meant to ask."""
    there = f"{node.url}/from-elsewhere"
    signs = ContractWallet(chain.deploy("LooksElsewhere", there))

    assert refusal(client, signs) == "signature_invalid"
    assert node.methods == FIRST_VERDICT


def test_precompile_that_echoes_is_no_wallet(client, node):
    echo = ContractWallet("0x" + "4".zfill(40))

    assert refusal(client, echo) == "signature_invalid"


def test_address_without_a_contract_is_refused_after_one_question(client, node):
    nobody = ContractWallet(EvmWallet().address)

    assert refusal(client, nobody) == "signature_invalid"
    assert node.methods == ["eth_chainId", "eth_getCode"]


# --- Wallets that are not deployed (ERC-6492) -------------------------------------------------


def test_owner_of_a_wallet_that_is_not_deployed_signs_in(client, chain, node, planned):
    sign_in(client, planned)

    assert SocialAccount.objects.get().uid == f"eip155:1:{planned.address}"
    assert node.methods == FIRST_VERDICT
    assert chain.code(planned.address) == b""


def test_wallet_is_the_same_after_it_is_deployed(client, chain, node, planned):
    sign_in(client, planned)
    chain.send(planned.factory, planned.factory_data)

    for wallet in (planned, replace(planned, factory=None)):
        browser = Client()
        sign_in(browser, wallet)
        assert user_of(browser) == user_of(client)


def test_stranger_is_refused_before_a_wallet_is_deployed(client, node, planned):
    assert refusal(client, replace(planned, owner=EvmWallet())) == "signature_invalid"


def test_factory_that_makes_another_wallet_is_refused(client, chain, node, planned):
    mine = plan(planned.factory, "Owner", planned.owner.address, salt=b"\x01" * 32)

    assert refusal(client, replace(planned, factory_data=mine.data)) == "signature_invalid"


@pytest.mark.parametrize("factory", ["Reverts", "Loops", "HugeAnswer", "NoFunction"])
def test_factory_that_fails_is_refused(client, chain, node, planned, factory):
    failing = replace(planned, factory=chain.deploy(factory))

    assert refusal(client, failing) == "signature_invalid"


def test_node_on_which_the_validator_fails_lets_no_one_in(client, node, planned):
    node.misbehave(faults.error(-32000, "max initcode size exceeded"), method="eth_call")

    assert refusal(client, planned) == "signature_invalid"


def test_factory_is_not_called_where_the_wallet_has_code(client, chain, node):
    """The call would make whoever signs in the owner of a wallet that has none yet."""
    thief = EvmWallet()
    target = chain.deploy("Initialisable")
    taken = ContractWallet(
        target, thief, factory=target, factory_data=call("initialise(address)", thief.address)
    )

    assert refusal(client, taken) == "signature_invalid"
    assert node.calls[-1].params[0]["to"] == target
    assert node.calls[-1].params[0]["data"].startswith("0x1626ba7e")


def test_wallet_that_is_deployed_between_the_questions_is_not_initialised(client, chain, node):
    """The validator looks for itself."""
    thief = EvmWallet()
    target = chain.deploy("Initialisable")
    taken = ContractWallet(
        target, thief, factory=target, factory_data=call("initialise(address)", thief.address)
    )
    node.misbehave(faults.result("0x"), method="eth_getCode")

    assert refusal(client, taken) == "signature_invalid"
    assert "to" not in node.calls[-1].params[0]


def test_wrapper_within_a_wrapper_is_refused(client, node, owned, planned):
    issued = obtain_challenge(client, planned)
    twice = wrap_signature(planned.sign_bytes(issued.message), planned.factory, b"")

    response = answer(client, issued.challenge, "0x" + twice.hex())

    assert page_code(response) == "signature_invalid"
    assert node.calls == []


@pytest.mark.parametrize("body", ["", "ff" * 96, "ff" * 32 + "00" * 200])
def test_malformed_wrapper_is_refused_before_the_node_is_asked(client, node, planned, body):
    assert refusal(client, planned, signature="0x" + body + "6492" * 16) == "signature_invalid"
    assert node.calls == []


def test_wrapped_signature_of_a_key_is_none(client, node, wallet):
    """A key's signature needs no wrapper, and no contract is at its address."""
    issued = obtain_challenge(client, wallet)
    wrapped = wrap_signature(wallet.sign_bytes(issued.message), wallet.address, b"")

    assert page_code(answer(client, issued.challenge, wrapped.hex())) == "signature_invalid"


# --- What opens what --------------------------------------------------------------------------


def test_contract_opens_neither_the_bare_address_nor_another_chains(client, chain, node, provider):
    """Whoever deploys at the same address elsewhere may be somebody else."""
    key = EvmWallet()
    sign_in(Client(), key)
    elsewhere = type(chain)(10)
    for there in (chain, elsewhere):
        there.set_code(key.address, chain.code(chain.deploy("YesToAll")))
    with elsewhere.serve() as other:
        provider["RPC"] = {1: node.url, 10: other.url}
        for chain_id in (1, 10):
            sign_in(Client(), ContractWallet(key.address, chain_id=chain_id))

    accounts = SocialAccount.objects.order_by("pk")
    assert [account.uid for account in accounts] == [
        key.address,
        f"eip155:1:{key.address}",
        f"eip155:10:{key.address}",
    ]
    assert len({account.user_id for account in accounts}) == 3


# --- Nodes that fail --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.hang_up, "upstream_unavailable"),
        (faults.html("502 Bad Gateway"), "upstream_unavailable"),
        (faults.redirect("https://node.example/"), "upstream_unavailable"),
        (faults.error(-32005, "limit exceeded"), "upstream_unavailable"),
        (faults.html(), "upstream_rejected"),
        (faults.changed(id=7), "upstream_rejected"),
        (faults.result("yes"), "upstream_rejected"),
    ],
)
@pytest.mark.parametrize("method", ["eth_chainId", "eth_getCode", "eth_call"])
def test_node_that_fails_lets_no_one_in(client, node, owned, fault, code, method):
    node.misbehave(fault, method=method, times=2)  # a lost connection is tried again

    assert refusal(client, owned) == code


def test_node_that_lies_about_its_chain_lets_no_one_in(client, node, owned):
    node.misbehave(faults.result("0xa"), method="eth_chainId")

    assert refusal(client, owned) == "misconfigured"


def test_key_signs_in_while_the_node_is_down(client, node, wallet):
    node.misbehave(faults.hang_up, times=10)

    sign_in(client, wallet)

    assert user_of(client)


def test_same_refusal_is_told_again_and_the_node_is_asked_once(client, node, owned):
    issued = obtain_challenge(client, owned)
    proof = replace(owned, owner=EvmWallet()).prove(issued.message)
    first = page_code(answer(client, issued.challenge, **proof))
    asked = list(node.methods)

    assert page_code(answer(client, issued.challenge, **proof)) == first == "signature_invalid"
    assert node.methods == asked


# --- Through Moralis --------------------------------------------------------------------------


def test_moralis_makes_the_text_and_the_node_judges(client, moralis, node, owned, planned):
    for wallet in (owned, planned):
        sign_in(client, wallet)
        account = SocialAccount.objects.get(uid=f"eip155:1:{wallet.address}")
        assert account.extra_data["verified_by"] == "contract"
        assert re.fullmatch("0x[0-9a-f]{64}", account.extra_data["verified"]["profileId"])
        client.logout()


def test_service_that_is_gone_after_the_text_is_not_missed(client, moralis, node, owned, provider):
    issued = obtain_challenge(client, owned)
    provider["BASE_URL"] = "http://127.0.0.1:9"
    assert provider["API_KEY"] == API_KEY

    answer(client, issued.challenge, **owned.prove(issued.message))

    assert user_of(client)
