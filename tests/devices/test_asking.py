"""The computer asks for a wallet of another device."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from allauth_moralis.devices import states
from allauth_moralis.testing import refusal_code, sign_in

from ..ceremony import age, json_code, page_code
from ..test_silent_cache import SilentCache
from .common import Computer, approve

pytestmark = pytest.mark.django_db


def test_computer_is_told_what_to_show_and_no_more(computer):
    told = computer.ask().told

    assert set(told) == {"device_code", "number", "verification_uri", "expires_at", "interval"}
    assert re.fullmatch(r"[1-9][0-9]", told["number"])
    assert re.fullmatch(
        r"http://testserver/accounts/moralis/device/[A-Za-z0-9]{22}/", told["verification_uri"]
    )
    expires = datetime.fromisoformat(told["expires_at"])
    assert timedelta(seconds=117) < expires - datetime.now(UTC) <= timedelta(seconds=120)
    assert told["interval"] == 2
    assert computer.poll() == "pending"


def test_number_and_code_are_not_in_the_address(computer):
    told = computer.ask().told

    assert told["device_code"] not in told["verification_uri"]
    record = cache.get(states._key(computer.scanned["device"], states.REQUESTED))
    assert told["device_code"] not in str(record)


def test_ids_codes_and_numbers_are_new_each_time(computer, provider):
    provider["RATE_LIMITS"] = False
    told = [computer.ask().told for _ in range(30)]

    for name in ("device_code", "verification_uri"):
        assert len({each[name] for each in told}) == len(told)
    assert len({each["number"] for each in told}) > 5


def test_all_addresses_are_unknown_where_it_is_off(computer, provider):
    computer.ask()
    provider["CROSS_DEVICE"] = False

    assert computer.request().status_code == 404
    assert computer.client.get(computer.url).status_code == 404
    assert computer.post("device_poll", {"device_code": "x"}).status_code == 404
    assert computer.complete().status_code == 404
    page = computer.client.get(reverse("moralis_login"))
    assert page.context["ask_device"] is None


def test_challenge_for_another_device_is_unknown_where_it_is_off(computer, phone, wallet, provider):
    computer.ask()
    provider["CROSS_DEVICE"] = False

    assert json_code(phone.request(wallet, computer.scanned)) == "invalid_request"
    # Nor does a page take itself for the phone's.
    refused = phone.client.post(reverse("moralis_verify"), computer.scanned)
    assert refused.context["page_request"].process == "login"


@pytest.mark.parametrize("body", ["", "{", "[]", '{"process": "device"}', '{"process": 5}',
                                  '{"next": 5}', '{"process": "nonsense"}', "[" * 10_000,
                                  '{"state": "unknown"}'])  # fmt: skip
def test_request_that_is_none_is_refused(computer, body):
    response = computer.post("device", body)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["device", "device_poll"])
def test_request_that_is_not_json_is_refused(computer, name):
    response = computer.post(name, "{}", content_type="text/plain")

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("code", [5, None, "", "x" * 4097, ["x"]])
def test_poll_without_a_code_is_refused(computer, code):
    response = computer.post("device_poll", {"device_code": code})

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["device", "device_poll"])
def test_get_asks_nothing(computer, name):
    assert computer.client.get(reverse(f"moralis_{name}")).status_code == 405


@pytest.mark.parametrize("name", ["device", "device_poll", "device_complete"])
def test_request_without_a_csrf_token_is_refused(name):
    computer = Computer(Client(enforce_csrf_checks=True))

    response = computer.post(name, {"device_code": "x"})

    assert (response.status_code, refusal_code(response)) == (403, "csrf_failed")


def test_too_many_requests_are_refused(computer):
    for _ in range(10):
        computer.ask()

    response = computer.request()

    assert (response.status_code, json_code(response)) == (429, "rate_limited")
    assert int(response["Retry-After"]) == 60


def test_polls_are_not_counted_as_requests(computer):
    computer.ask()

    assert {computer.poll() for _ in range(60)} == {"pending"}


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_who_is_not_signed_in_asks_for_nothing_but_that(computer, process):
    response = computer.request(process=process)

    assert (response.status_code, json_code(response)) == (403, "login_required")


def test_linking_wants_recent_proof_on_the_computer(computer, wallet):
    sign_in(computer.client, wallet)
    age(computer.client, 1000)

    response = computer.request(process="connect")

    assert (response.status_code, json_code(response)) == (403, "login_required")


def test_request_lives_as_long_as_a_challenge(computer, phone, wallet, provider, monkeypatch):
    provider["CHALLENGE_TTL"] = 60
    approve(computer, wallet)
    other = Computer(computer.client).ask()
    assert (computer.poll(), other.poll()) == ("approved", "pending")

    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    assert (computer.poll(), other.poll()) == ("expired", "expired")
    assert phone.client.get(other.url).status_code == 404
    assert json_code(phone.request(wallet, other.scanned)) == "challenge_missing"
    refused = computer.complete()
    assert (refused.status_code, page_code(refused)) == (403, "challenge_missing")


def test_session_forgets_requests_that_are_over_and_the_oldest_of_many(
    computer, provider, monkeypatch
):
    provider["RATE_LIMITS"] = False
    first = computer.ask().told["device_code"]
    for _ in range(10):
        computer.ask()
    kept = computer.client.session[states.SESSION_KEY]
    assert len(kept) == 10
    assert first not in kept

    later = time.time() + 121
    monkeypatch.setattr(time, "time", lambda: later)
    computer.ask()

    assert list(computer.client.session[states.SESSION_KEY]) == [computer.told["device_code"]]


def test_cache_that_is_down_is_told(computer, settings):
    settings.CACHES = {
        "default": {"BACKEND": f"{SilentCache.__module__}.{SilentCache.__qualname__}"}
    }

    response = computer.request()

    assert (response.status_code, json_code(response)) == (503, "misconfigured")


def test_cache_that_keeps_nothing_although_it_counts_is_told(computer, settings, provider):
    provider["RATE_LIMITS"] = False
    settings.CACHES = {
        "default": {"BACKEND": f"{SilentCache.__module__}.{SilentCache.__qualname__}"}
    }

    response = computer.request()

    assert (response.status_code, json_code(response)) == (503, "misconfigured")


def test_wallet_page_offers_it_to_who_may_ask(computer, wallet):
    page = computer.client.get(reverse("moralis_login"), {"next": "/there/"})
    assert page.context["ask_device"]["fields"] == {"process": "login", "next": "/there/"}
    assert page.context["ask_device"]["url"] == "/accounts/moralis/device/"

    first = computer.client.get(reverse("moralis_login"), {"process": "connect"})
    assert first.context["ask_device"] is None
