"""Django's ``user_login_failed``, on which packages build that lock visitors out."""

import json

import pytest
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.test import Client

from allauth_moralis.testing import (
    AptosWallet,
    EvmWallet,
    SolanaWallet,
    answer,
    obtain_challenge,
    sign_in,
)

from .ceremony import page_code

pytestmark = pytest.mark.django_db

BASE = "/_allauth/browser/v1/auth/provider/"


@pytest.fixture
def failed():
    """What was told of failed logins."""
    told = []

    def receive(sender, credentials, request, **kwargs):
        told.append((credentials, request))

    user_login_failed.connect(receive)
    yield told
    user_login_failed.disconnect(receive)


def post(client, path, data):
    return client.post(BASE + path, json.dumps(data), content_type="application/json").json()


def of_page(wallet, signature, process="login", client=None):
    client = client or Client()
    challenge, _ = obtain_challenge(client, wallet, process=process)
    return page_code(answer(client, challenge, signature))


def of_application(wallet, signature, process="login", client=None):
    client = client or Client()
    challenge = post(client, "moralis/challenge", {**wallet.described, "process": process})
    answered = {"challenge": challenge["data"]["challenge"], "signature": signature}
    if process == "reauthenticate":
        return post(client, "moralis/reauthenticate", answered)["errors"][0]["code"]
    token = {"provider": "moralis", "process": process, "token": {"id_token": json.dumps(answered)}}
    return post(client, "token", token)["errors"][0]["code"]


@pytest.fixture(params=[of_page, of_application], ids=["page", "application"])
def attempt(request):
    return request.param


@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
def test_refused_signature_is_a_failed_login(attempt, failed, provider, backend, kind):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]
    wallet = kind()
    signature = kind().sign("another text")

    assert attempt(wallet, signature) == "signature_invalid"

    ((credentials, request),) = failed
    assert credentials == {
        "username": wallet.address,
        "provider": "moralis",
        "uid": wallet.address,
    }
    assert request.META["REMOTE_ADDR"] == "127.0.0.1"
    told = json.dumps(credentials) + str(dict(request.POST)) + str(dict(request.GET))
    assert signature not in told


def test_signature_of_a_smart_wallet_is_a_failed_login(attempt, failed, wallet):
    assert attempt(wallet, "0x" + "ab" * 100) == "contract_wallet_unsupported"

    assert [credentials["uid"] for credentials, _ in failed] == [wallet.address]


def test_user_model_with_another_field_is_named_by_that_too(attempt, failed, wallet, monkeypatch):
    monkeypatch.setattr("django.contrib.auth.models.User.USERNAME_FIELD", "email")

    attempt(wallet, wallet.sign("another text"))

    ((credentials, _),) = failed
    assert credentials["username"] == credentials["email"] == wallet.address


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_who_is_signed_in_fails_no_login(attempt, failed, wallet, process):
    client = Client()
    sign_in(client, wallet)

    assert attempt(wallet, "0x" + "ab" * 65, process, client) == "signature_invalid"

    assert failed == []


def test_sign_in_and_other_refusals_are_no_failed_logins(client, failed, wallet):
    assert sign_in(client, wallet).status_code == 302
    assert page_code(answer(client, "x", "0x00")) == "challenge_missing"
    challenge, _ = obtain_challenge(client, wallet)
    assert page_code(answer(client, challenge, "")) == "invalid_request"

    assert failed == []


def test_reload_of_a_refusal_counts_once(client, failed, wallet):
    challenge, _ = obtain_challenge(client, wallet)
    for _ in range(3):
        assert page_code(answer(client, challenge, "0x00")) == "contract_wallet_unsupported"

    assert len(failed) == 1


def test_receiver_that_fails_changes_nothing_and_one_that_denies_is_heard(client, wallet):
    problems = [RuntimeError("of the site"), PermissionDenied("locked out")]

    def receive(**kwargs):
        raise problems.pop(0)

    user_login_failed.connect(receive)
    try:
        assert of_page(wallet, "0xzz", client=client) == "signature_invalid"
        challenge, _ = obtain_challenge(client, wallet)
        response = answer(client, challenge, "0xzz")
    finally:
        user_login_failed.disconnect(receive)

    assert response.status_code == 403
    assert "data-error-code" not in response.content.decode()
