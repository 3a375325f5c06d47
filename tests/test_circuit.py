"""A service that does not answer is called a few times, and then left alone for a while."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from allauth_moralis.backends import get_backend
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.emulator import Emulator
from allauth_moralis.exceptions import UpstreamRejected, UpstreamUnavailable
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in
from allauth_moralis.upstream.circuit import PAUSE, THRESHOLD, Circuit

from .ceremony import json_code, page_code, user_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock) -> Circuit:
    return Circuit(clock=clock)


def call(circuit: Circuit, error: Exception | None = None) -> None:
    with circuit.guard():
        if error:
            raise error


def fail(circuit: Circuit, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(UpstreamUnavailable):
            call(circuit, UpstreamUnavailable("of the service"))


def test_circuit_opens_after_failures_in_a_row(circuit):
    fail(circuit, THRESHOLD - 1)
    assert not circuit.is_open

    fail(circuit)

    assert circuit.is_open
    with pytest.raises(UpstreamUnavailable, match="not asked"):
        call(circuit)


def test_response_resets_the_count_of_failures(circuit):
    fail(circuit, THRESHOLD - 1)
    call(circuit)
    fail(circuit, THRESHOLD - 1)

    assert not circuit.is_open


def test_unusable_response_is_not_a_failure_of_the_circuit(circuit):
    fail(circuit, THRESHOLD - 1)
    with pytest.raises(UpstreamRejected):
        call(circuit, UpstreamRejected())
    fail(circuit, THRESHOLD - 1)

    assert not circuit.is_open


def test_one_call_tries_the_service_after_the_pause(circuit, clock):
    fail(circuit, THRESHOLD)
    clock.now += PAUSE

    with circuit.guard(), pytest.raises(UpstreamUnavailable, match="not asked"):
        call(circuit)  # another one, while the first is on its way

    assert not circuit.is_open
    call(circuit)


def test_failure_after_the_pause_opens_the_circuit_again(circuit, clock):
    fail(circuit, THRESHOLD)
    clock.now += PAUSE
    fail(circuit)

    assert circuit.is_open


# --- Through the site ------------------------------------------------------------------------


@pytest.fixture
def gone(provider) -> None:
    with Emulator() as emulator:
        provider.update(API_KEY="key", BASE_URL=emulator.url)


def give_up(client, wallet) -> None:
    for _ in range(THRESHOLD):
        assert json_code(request_challenge(client, wallet)) == "upstream_unavailable"


pytestmark = pytest.mark.django_db


def test_dead_service_is_not_called_again(client, wallet, gone, monkeypatch):
    give_up(client, wallet)
    monkeypatch.setattr("requests.Session.request", lambda *_, **__: pytest.fail("it was asked"))

    response = request_challenge(client, wallet)

    assert (response.status_code, json_code(response)) == (503, "upstream_unavailable")


def test_wallet_page_says_at_once_that_the_service_is_unavailable(client, wallet, gone):
    page = reverse("moralis_login")
    assert "data-error-code" not in client.get(page).content.decode()
    give_up(client, wallet)

    response = client.get(page)

    assert (response.status_code, page_code(response)) == (200, "upstream_unavailable")


def test_proof_while_the_circuit_is_open_is_refused_and_uses_the_challenge_up(
    client, wallet, moralis, provider
):
    challenge, message = obtain_challenge(client, wallet)
    good = provider["BASE_URL"]
    with Emulator() as emulator:
        provider["BASE_URL"] = emulator.url
    give_up(client, wallet)
    provider["BASE_URL"] = good

    response = answer(client, challenge, wallet.sign(message))

    assert (response.status_code, page_code(response)) == (503, "upstream_unavailable")
    assert page_code(answer(client, challenge, wallet.sign(message))) == "upstream_unavailable"


def test_sign_in_without_a_fallback_is_refused(client, wallet, gone):
    give_up(client, wallet)

    assert json_code(request_challenge(client, wallet)) == "upstream_unavailable"


def test_fallback_signs_people_in_and_is_stored_as_the_verifier(
    client, wallet, gone, provider, caplog
):
    give_up(client, wallet)
    provider["FALLBACK"] = "local"

    response = sign_in(client, wallet)

    assert response.status_code == 302
    assert SocialAccount.objects.get().extra_data["verified_by"] == "local"
    assert "a challenge is issued here" in caplog.text
    assert "data-error-code" not in client.get(reverse("moralis_login")).content.decode()


def test_fallback_serves_those_as_well_by_whom_it_is_found_out(client, wallet, gone, provider):
    provider["FALLBACK"] = "local"

    assert [sign_in(Client(), wallet).status_code for _ in range(THRESHOLD + 1)] == [302] * 4


def test_fallbacks_challenge_is_verified_by_the_fallback_once_the_service_is_back(
    client, wallet, gone, provider, emulator
):
    give_up(client, wallet)
    provider["FALLBACK"] = "local"
    challenge, message = obtain_challenge(client, wallet)
    backend = get_backend()
    assert isinstance(backend, MoralisBackend)
    backend.api.circuit._close()
    provider["BASE_URL"] = emulator.url

    answer(client, challenge, wallet.sign(message))

    assert SocialAccount.objects.get().extra_data["verified_by"] == "local"
    sign_in(client, wallet)
    assert SocialAccount.objects.get().extra_data["verified_by"] == "moralis"


def test_fallbacks_challenge_is_refused_once_the_fallback_is_turned_off(
    client, wallet, gone, provider
):
    give_up(client, wallet)
    provider["FALLBACK"] = "local"
    challenge, message = obtain_challenge(client, wallet)
    provider["FALLBACK"] = None

    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"
    assert user_of(client) is None
