"""What was asked for one purpose does nothing for another (threat 44)."""

import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from allauth_moralis.testing import (
    HeadlessClient,
    answer,
    obtain_challenge,
    refusal_code,
    sign_in,
)

from ..ceremony import page_code, user_of
from .common import Computer, approve

pytestmark = pytest.mark.django_db

PROCESSES = ["login", "connect", "reauthenticate"]


@pytest.mark.parametrize("process", PROCESSES)
def test_proof_for_another_device_signs_in_links_and_confirms_nobody_here(
    computer, phone, wallet, other_wallet, process
):
    """Whatever the form says that it was for."""
    sign_in(phone.client, other_wallet)
    user = user_of(phone.client)
    issued = phone.request(wallet, computer.ask().scanned).json()
    proof = wallet.prove(issued["message"])

    answer(phone.client, issued["challenge"], **proof, process=process)

    assert user_of(phone.client) == user
    assert [account.uid for account in SocialAccount.objects.all()] == [other_wallet.address]


@pytest.mark.parametrize("kind", ["app", "browser"])
@pytest.mark.parametrize("process", PROCESSES)
def test_application_is_told_that_such_a_proof_is_for_something_else(
    computer, wallet, other_wallet, process, kind
):
    client = HeadlessClient(kind=kind)
    sign_in(client, other_wallet)
    challenge, message = obtain_challenge(client, wallet, **computer.ask().scanned)

    response = answer(client, challenge, process=process, **wallet.prove(message))

    assert refusal_code(response) == "challenge_missing"
    assert computer.poll() == "pending"
    assert not SocialAccount.objects.filter(uid=wallet.address).exists()


@pytest.mark.parametrize("process", PROCESSES)
def test_proof_to_sign_in_link_or_confirm_approves_no_device(computer, phone, wallet, process):
    sign_in(phone.client, wallet)
    computer.ask()
    issued = obtain_challenge(phone.client, wallet, process=process)
    form = {**computer.scanned, "challenge": issued.challenge, **wallet.prove(issued.message)}

    phone.client.post("/accounts/moralis/verify/", form)

    assert computer.poll() == "pending"


@pytest.mark.parametrize("kind", ["app", "browser"])
@pytest.mark.parametrize("process", PROCESSES)
def test_application_approves_no_device_with_such_a_proof(computer, wallet, process, kind):
    client = HeadlessClient(kind=kind)
    sign_in(client, wallet)
    computer.ask()
    issued = obtain_challenge(client, wallet, process=process)

    path = f"auth/provider/moralis/device/{computer.scanned['device']}"
    response = client.post(path, {"challenge": issued.challenge, **wallet.prove(issued.message)})

    assert (response.status_code, refusal_code(response)) == (403, "challenge_missing")
    assert computer.poll() == "pending"


@pytest.mark.parametrize("kind", ["app", "browser"])
def test_proof_for_one_device_approves_no_other(computer, wallet, kind):
    client = HeadlessClient(kind=kind)
    computer.ask()
    other = Computer(Client()).ask()
    issued = obtain_challenge(client, wallet, **other.scanned)

    path = f"auth/provider/moralis/device/{computer.scanned['device']}"
    response = client.post(path, {"challenge": issued.challenge, **wallet.prove(issued.message)})

    assert (response.status_code, refusal_code(response)) == (403, "challenge_missing")
    assert (computer.poll(), other.poll()) == ("pending", "pending")


def test_device_code_is_no_challenge_and_a_challenge_no_device_code(computer, wallet):
    approve(computer, wallet)

    response = answer(computer.client, computer.told["device_code"], "0x00")
    assert page_code(response) == "challenge_missing"
    computer_of_handle = Computer(computer.client, {"device_code": handle_of(computer, wallet)})
    assert page_code(computer_of_handle.complete()) == "challenge_missing"
    assert computer.complete().status_code == 302


def handle_of(computer: Computer, wallet) -> str:
    return obtain_challenge(computer.client, wallet).challenge


def test_state_of_a_redirect_does_not_turn_it_into_a_sign_in(computer, phone, wallet):
    """A state replaces the process of a challenge, and must not replace this one."""
    response = phone.request(wallet, computer.ask().scanned, state="x", next="/there/")

    assert response.status_code == 200
    assert "ANOTHER device" in response.json()["message"]


def test_redirect_state_of_the_computer_goes_along(computer, wallet, rf):
    """A front end sent the person to the wallet page, which asks another device."""
    client = HeadlessClient(computer.client, "browser")
    response = client.client.post(
        client.url("auth/provider/redirect"),
        {"provider": "moralis", "process": "login", "callback_url": "/front-end/"},
    )
    state = response["Location"].partition("state=")[2]
    page = client.client.get(response["Location"])
    assert page.context["ask_device"]["fields"] == {"state": state}
    approve(computer, wallet, **json.loads(json.dumps(page.context["ask_device"]["fields"])))

    response = computer.complete()

    assert response["Location"] == "/front-end/"
    assert user_of(computer.client) is not None
