"""Profiles of the Auth API: read, bound and unbound, over HTTP."""

import time

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.backends import get_backend
from allauth_moralis.backends.moralis import profile_api
from allauth_moralis.emulator import Emulator
from allauth_moralis.exceptions import (
    InvalidRequest,
    Misconfigured,
    SignatureInvalid,
    UpstreamRejected,
)
from allauth_moralis.siwx.wallets import MessageFields, Wallet
from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, answer, obtain_challenge

pytestmark = pytest.mark.usefixtures("moralis")

KINDS = [EvmWallet, SolanaWallet, AptosWallet]


def wallet_of(wallet) -> Wallet:
    return Wallet.parse(wallet.network, wallet.address, getattr(wallet, "public_key", None))


def profile_of(wallet) -> str:
    """Return the profile id that the service gives with any challenge."""
    parsed = wallet_of(wallet)
    chain_id = 1 if parsed.network == "evm" else None
    fields = MessageFields(
        wallet=parsed, domain="localhost", uri="http://localhost/", chain_id=chain_id
    )
    profile = get_backend().request_challenge(fields).profile_id
    assert profile
    return profile


def signed(wallet, text: str) -> tuple[str, str]:
    proof = wallet.prove(text)
    return proof.get("full_message", text), proof["signature"]


def bind(first, second) -> str:
    texts = profile_api.request_bind(wallet_of(first), wallet_of(second))
    return profile_api.verify_bind(
        [signed(wallet, text) for wallet, text in zip((first, second), texts, strict=True)]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_profile_has_its_wallets_address(kind):
    wallet = kind()

    assert profile_api.addresses(profile_of(wallet)) == [wallet.address]


@pytest.mark.parametrize("kind", KINDS)
def test_binding_moves_both_wallets_to_a_new_profile(kind):
    first, second, stranger = EvmWallet(), kind(), EvmWallet()
    before = {profile_of(first), profile_of(second), profile_of(stranger)}

    profile = bind(first, second)

    assert profile not in before
    assert profile == profile_of(first) == profile_of(second) != profile_of(stranger)
    assert profile_api.addresses(profile) == [first.address, second.address]


@pytest.mark.parametrize("kind", KINDS)
def test_unbinding_moves_the_wallet_to_a_profile_of_its_own(kind):
    first, second = kind(), EvmWallet()
    bound = bind(first, second)

    text = profile_api.request_unbind(wallet_of(first), bound)
    alone = profile_api.verify_unbind(*signed(first, text))

    assert alone == profile_of(first) != bound
    assert profile_api.addresses(alone) == [first.address]
    assert profile_api.addresses(bound) == [second.address]


def test_binding_includes_wallets_that_were_bound_before():
    wallets = [EvmWallet() for _ in range(3)]
    bind(*wallets[:2])

    profile = bind(*wallets[1:])

    assert set(profile_api.addresses(profile)) == {wallet.address for wallet in wallets}


def test_texts_of_different_binds_are_refused():
    first, second = EvmWallet(), EvmWallet()
    pairs = [profile_api.request_bind(wallet_of(first), wallet_of(second)) for _ in range(2)]

    with pytest.raises(SignatureInvalid):
        profile_api.verify_bind([signed(first, pairs[0][0]), signed(second, pairs[1][1])])
    assert profile_of(first) != profile_of(second)


def test_unbinding_with_a_text_to_bind_is_refused():
    first, second = EvmWallet(), EvmWallet()
    text = profile_api.request_bind(wallet_of(first), wallet_of(second))[0]

    with pytest.raises(SignatureInvalid):
        profile_api.verify_unbind(*signed(first, text))


def test_expired_text_to_bind_is_refused(moralis):
    first, second = EvmWallet(), EvmWallet()
    one, other = profile_api.request_bind(wallet_of(first), wallet_of(second))
    moralis.service.profiles.clock = lambda: time.time() + 121

    with pytest.raises(SignatureInvalid):
        profile_api.verify_bind([signed(first, one), signed(second, other)])


@pytest.mark.django_db
def test_verification_stores_the_current_profile(client):
    first, second = EvmWallet(), EvmWallet()
    challenge, message = obtain_challenge(client, first)
    bound = bind(first, second)

    answer(client, challenge, first.sign(message))

    assert SocialAccount.objects.get().extra_data["verified"]["profileId"] == bound


def test_binding_with_a_wrong_signature_is_refused():
    first, second = EvmWallet(), EvmWallet()
    one, other = profile_api.request_bind(wallet_of(first), wallet_of(second))

    with pytest.raises(SignatureInvalid):
        profile_api.verify_bind([signed(first, one), signed(first, other)])
    assert profile_of(first) != profile_of(second)


def test_used_text_is_refused():
    first, second = EvmWallet(), EvmWallet()
    bound = bind(first, second)
    text = profile_api.request_unbind(wallet_of(first), bound)
    profile_api.verify_unbind(*signed(first, text))

    with pytest.raises(SignatureInvalid):
        profile_api.verify_unbind(*signed(first, text))


def test_binding_with_only_one_signature_is_refused():
    wallet = EvmWallet()
    one, _ = profile_api.request_bind(wallet_of(wallet), wallet_of(EvmWallet()))

    with pytest.raises(UpstreamRejected):
        profile_api.verify_bind([signed(wallet, one)])


def test_unbinding_from_another_wallets_profile_is_refused():
    with pytest.raises(UpstreamRejected):
        profile_api.request_unbind(wallet_of(EvmWallet()), profile_of(EvmWallet()))


@pytest.mark.parametrize("profile_id", ["", "x", "0x" + "g" * 64, "../bind/request"])
def test_malformed_profile_id_is_refused_without_a_request(moralis, profile_id):
    with pytest.raises(InvalidRequest):
        profile_api.addresses(profile_id)
    assert not moralis.requests


def test_unknown_profile_has_no_addresses():
    assert profile_api.addresses("0x" + "0" * 64) == []


@pytest.mark.parametrize("fault", ["missing_keys", "html_ok", "not_found", "bad_request_list"])
def test_unusable_response_is_refused(moralis, fault):
    with moralis.fault(fault):
        for call in (
            lambda: profile_api.addresses("0x" + "0" * 64),
            lambda: profile_api.request_bind(wallet_of(EvmWallet()), wallet_of(EvmWallet())),
            lambda: profile_api.request_unbind(wallet_of(EvmWallet()), "0x" + "0" * 64),
            lambda: profile_api.verify_unbind("text", "0x00"),
        ):
            with pytest.raises(UpstreamRejected):
                call()


def test_text_about_another_wallet_is_refused(moralis, monkeypatch):
    other = wallet_of(EvmWallet())
    service = type(moralis.service)
    original = service.handle

    def swapped(self, method, path, key, body):
        status, answer = original(self, method, path, key, body)
        if "messages" in answer:
            answer["messages"].reverse()
        return status, answer

    monkeypatch.setattr(service, "handle", swapped)

    with pytest.raises(UpstreamRejected):
        profile_api.request_bind(other, wallet_of(EvmWallet()))


def test_list_of_something_else_than_addresses_is_refused(moralis, monkeypatch):
    monkeypatch.setattr(type(moralis.service), "handle", lambda *_: (200, [1]))

    with pytest.raises(UpstreamRejected):
        profile_api.addresses("0x" + "0" * 64)


def test_embedded_verifier_has_no_profiles(provider):
    provider["API_KEY"] = ""

    with pytest.raises(Misconfigured):
        profile_api.addresses("0x" + "0" * 64)


def test_number_of_pending_texts_is_bounded(monkeypatch):
    monkeypatch.setattr("allauth_moralis.emulator.profiles.MAX_PENDING", 2)
    with Emulator() as emulator:
        one, other = wallet_of(EvmWallet()), wallet_of(EvmWallet())
        for _ in range(5):
            emulator.service.profiles.request_bind("key", (one, other))

        assert len(emulator.service.profiles._pending) == 2
