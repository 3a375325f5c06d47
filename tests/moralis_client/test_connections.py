"""Connections to the Moralis Auth API, and its settings."""

import pytest
import requests
from django.test import Client

from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.emulator import Emulator
from allauth_moralis.exceptions import (
    Misconfigured,
    UpstreamUnavailable,
)
from allauth_moralis.siwx.wallets import Proof
from allauth_moralis.testing import sign_in

from ..conftest import API_KEY
from .common import (
    CALLS_OF_A_LOGIN,
    REQUEST,
    VERIFY,
    assert_nothing_seen,
    request,
    request_answer,
    verify_answer,
)

# --- Connections ---------------------------------------------------------------------------------


def test_request_is_repeated_once_where_there_was_no_connection(service, fields):
    service.post(REQUEST, body=requests.ConnectionError("refused"))

    with pytest.raises(UpstreamUnavailable):
        request(fields)

    assert len(service.calls) == 2


def test_second_connection_will_do_for_a_request(service, fields):
    service.post(REQUEST, body=requests.ConnectionError("reset"))
    service.post(REQUEST, json=request_answer(fields), status=201)

    assert request(fields).fields == fields


def test_verify_is_never_repeated(service, challenge, proof):
    service.post(VERIFY, body=requests.ConnectionError("reset"))
    service.post(VERIFY, json=verify_answer(challenge), status=201)

    with pytest.raises(UpstreamUnavailable):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


@pytest.mark.parametrize("kind", [requests.ReadTimeout, requests.ConnectTimeout])
def test_time_out_of_a_request_is_not_repeated(service, fields, kind):
    service.post(REQUEST, body=kind("too slow"))

    with pytest.raises(UpstreamUnavailable):
        request(fields)

    assert len(service.calls) == 1


@pytest.mark.parametrize("kind", [requests.ReadTimeout, requests.ConnectTimeout])
def test_time_out_of_a_verify_is_not_repeated(service, challenge, proof, kind):
    service.post(VERIFY, body=kind("too slow"))

    with pytest.raises(UpstreamUnavailable):
        MoralisBackend().verify(challenge, proof)

    assert len(service.calls) == 1


def test_nobody_listens(provider, wallet, fields):
    with Emulator() as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)
        backend = MoralisBackend()
        challenge = backend.request_challenge(fields)
        proof = Proof(signature=wallet.sign(challenge.message))

    for attempt in (
        lambda: MoralisBackend().request_challenge(fields),
        lambda: MoralisBackend().verify(challenge, proof),
    ):
        with pytest.raises(UpstreamUnavailable):
            attempt()


def test_fifty_sign_ins_are_a_hundred_calls_on_one_connection(moralis, wallet, fields):
    backend = MoralisBackend()

    for _ in range(50):
        challenge = backend.request_challenge(fields)
        backend.verify(challenge, Proof(signature=wallet.sign(challenge.message)))

    assert moralis.connections == 1
    assert list(moralis.requests) == 50 * CALLS_OF_A_LOGIN


@pytest.mark.django_db
def test_logins_of_several_browsers_share_the_connection(moralis, wallet, other_wallet):
    for each in (wallet, other_wallet, wallet):
        assert sign_in(Client(), each).status_code == 302

    assert moralis.connections == 1
    assert list(moralis.requests) == 3 * CALLS_OF_A_LOGIN


# --- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"API_KEY": API_KEY + "\n"},
        {"API_KEY": API_KEY + "\r\nX-Other: 1"},
        {"API_KEY": " " + API_KEY},
        {"API_KEY": API_KEY + "\u20ac"},
        {"BASE_URL": "authapi.moralis.io"},
        {"BASE_URL": "ftp://authapi.moralis.io"},
        {"BASE_URL": "http://"},
        {"BASE_URL": "http://[::1"},
    ],
    ids=repr,
)
def test_key_or_url_that_cannot_be_used(provider, fields, changes):
    provider.update({"API_KEY": API_KEY, "BASE_URL": "http://127.0.0.1:1", **changes})

    with pytest.raises(Misconfigured) as caught:
        request(fields)

    assert_nothing_seen(caught.value)


def test_check_asks_for_a_key(provider):
    provider["API_KEY"] = ""

    assert [error.id for error in MoralisBackend().check()] == ["allauth_moralis.E010"]


def test_check_is_content_with_a_key(provider):
    provider["API_KEY"] = API_KEY

    assert MoralisBackend().check() == []
