"""What another request of the same browser does while the service works is not undone."""

import json
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.internal import stash
from allauth_moralis.testing import EvmWallet, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db
PROCESSES = ["login", "connect", "reauthenticate"]


class OtherTab:
    """Puts something into the cart of this browser's session, as a request of its own would."""

    def __init__(self, client: Client) -> None:
        self.client, self.act = client, self.buy

    def buy(self, what: str) -> None:
        session = self.client.session
        session["cart"] = [*session.get("cart", []), what]
        session.save()

    def log_out(self, *_: str) -> None:
        self.client.session.flush()

    def nothing(self, *_: str) -> None:
        pass


@pytest.fixture
def other_tab(client, moralis, monkeypatch) -> OtherTab:
    tab = OtherTab(client)

    def slow(name: str) -> None:
        service = getattr(MoralisBackend, name)

        def wait(*args: Any) -> Any:
            try:
                return service(*args)
            finally:
                tab.act(name)

        monkeypatch.setattr(MoralisBackend, name, wait)

    slow("request_challenge")
    slow("verify")
    return tab


@pytest.fixture
def signed_in(client, wallet, other_tab) -> Client:
    other_tab.act = other_tab.nothing
    sign_in(client, wallet)
    other_tab.act = other_tab.buy
    return client


def signer_for(process: str, wallet: EvmWallet, other_wallet: EvmWallet) -> EvmWallet:
    """Which wallet signs: another one to link, else the account's own."""
    return other_wallet if process == "connect" else wallet


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_cart_is_kept(signed_in, wallet, other_wallet, process):
    signer = signer_for(process, wallet, other_wallet)

    response = sign_in(signed_in, signer, process=process)

    assert response.status_code == 302
    assert signed_in.session["cart"] == ["request_challenge", "verify"]
    assert SocialAccount.objects.count() == (2 if process == "connect" else 1)


def test_cart_of_who_is_not_signed_in_is_kept(client, wallet, other_tab):
    other_tab.buy("before")

    sign_in(client, wallet)

    assert client.session["cart"] == ["before", "request_challenge", "verify"]
    assert user_of(client) is not None


def test_cart_is_kept_where_the_signature_is_refused(signed_in, wallet, other_wallet):
    challenge, message = obtain_challenge(signed_in, wallet, process="reauthenticate")

    response = signed_in.post(
        reverse("moralis_verify"),
        {"challenge": challenge, "signature": other_wallet.sign(message)},
    )

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert signed_in.session["cart"] == ["request_challenge", "verify"]


def test_challenges_of_two_tabs_at_once_are_both_kept(signed_in, wallet, other_tab):
    """Each tab asks while the service works for the other."""
    taken = []

    def ask_too(what: str) -> None:
        other_tab.act = other_tab.nothing
        taken.append(obtain_challenge(signed_in, wallet, process="reauthenticate"))

    other_tab.act = ask_too
    taken.append(obtain_challenge(signed_in, wallet, process="reauthenticate"))

    assert set(signed_in.session[stash.SESSION_KEY]) == {challenge for challenge, _ in taken}


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_challenge_of_a_session_that_ended_is_not_given(
    signed_in, wallet, other_wallet, other_tab, process
):
    """Whoever logs out in another tab stays logged out."""
    other_tab.act = other_tab.log_out

    response = request_challenge(
        signed_in, signer_for(process, wallet, other_wallet), process=process
    )

    assert (response.status_code, json_code(response)) == (403, "challenge_missing")
    assert user_of(signed_in) is None


@pytest.mark.parametrize("process", PROCESSES)
def test_answer_in_a_session_that_ended_is_not_taken(
    signed_in, wallet, other_wallet, other_tab, process
):
    signer = signer_for(process, wallet, other_wallet)
    challenge, message = obtain_challenge(signed_in, signer, process=process)
    other_tab.act = other_tab.log_out

    response = signed_in.post(
        reverse("moralis_verify"), {"challenge": challenge, **signer.prove(message)}
    )

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(signed_in) is None
    assert SocialAccount.objects.count() == get_user_model().objects.count() == 1


@pytest.mark.parametrize("process", PROCESSES)
def test_cart_of_a_headless_client_is_kept(signed_in, wallet, other_wallet, process):
    signer = signer_for(process, wallet, other_wallet)
    root = reverse("moralis_headless:browser_challenge").removesuffix("/moralis/challenge")
    if process == "login":  # allauth signs out whoever is there, and ends the session
        signed_in.logout()
        signed_in.session.save()

    def post(path: str, data: Any) -> Any:
        return signed_in.post(f"{root}/{path}", json.dumps(data), content_type="application/json")

    asked = post("moralis/challenge", {**signer.described, "process": process}).json()["data"]
    proof = {"challenge": asked["challenge"], **signer.prove(asked["message"])}
    if process == "reauthenticate":
        response = post("moralis/reauthenticate", proof)
    else:
        token = {"id_token": json.dumps(proof)}
        response = post("token", {"provider": "moralis", "process": process, "token": token})

    assert response.status_code == 200, response.content
    assert signed_in.session["cart"] == ["request_challenge", "verify"]


def test_refusal_in_a_session_that_ended_meanwhile_is_told_by_its_page(client, wallet, monkeypatch):
    """Django's middleware would answer with a bare 400, because it cannot save the session."""
    issued = obtain_challenge(client, wallet)

    def refuse(*_: Any) -> Any:
        client.session.flush()
        raise SignatureInvalid

    monkeypatch.setattr(LocalBackend, "verify", refuse)

    response = client.post(
        reverse("moralis_verify"), {"challenge": issued.challenge, **wallet.prove(issued.message)}
    )

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
