"""Who gets a challenge."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import UnreadablePostError
from django.test import Client
from django.urls import reverse

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.provider import MoralisProvider
from allauth_moralis.testing import request_challenge, sign_in

from ..ceremony import json_code, post_json

pytestmark = pytest.mark.django_db


def test_the_answer_has_three_fields_and_no_more(client, wallet, backend):
    response = request_challenge(client, wallet)

    data = response.json()
    assert list(data) == ["challenge", "message", "expires_at"]
    expires = datetime.strptime(data["expires_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 110 < (expires - datetime.now(UTC)).total_seconds() <= 120
    assert "no-store" in response["Cache-Control"]


def test_fields_that_may_be_left_out(client, wallet):
    response = post_json(client, {"address": wallet.address})

    assert "\nChain ID: 1\n" in response.json()["message"]
    assert "\nSign in to testserver\n" in response.json()["message"]


@pytest.mark.parametrize("field", ["network", "address", "process", "next", "state"])
@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["x"], {"a": "b"}])
def test_fields_of_another_type(client, wallet, field, value):
    response = request_challenge(client, wallet, **{field: value})

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "1", '"text"', "{", '{"address": }', b"\xff\xfe", b"\x00", "[" * 16000,
     '{"a":' * 3000],
    ids=["empty", "null", "list", "number", "string", "cut off", "no value", "not UTF-8", "NUL",
         "deep list", "deep object"],
)  # fmt: skip
def test_a_body_that_is_no_json_object(client, body):
    response = post_json(client, body)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("size", [16 * 1024 + 1, 20_000, 1_000_000, 10_000_000])
def test_a_body_that_is_too_large(client, wallet, size):
    body = json.dumps({"address": wallet.address, "next": "/"}).ljust(size)

    response = post_json(client, body)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_body_that_hides_its_size(client, wallet, monkeypatch):
    """As one sent in chunks does: without Content-Length it is judged by what came."""
    body = json.dumps({"address": wallet.address}).ljust(20_000)
    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.body", body.encode())

    response = client.generic(
        "POST", reverse("moralis_challenge"), "", CONTENT_TYPE="application/json"
    )

    assert json_code(response) == "invalid_request"


@pytest.mark.parametrize("length", ["", "x", "-1", "1e9", "²", "9" * 5000])
def test_a_content_length_that_is_none(client, length):
    response = client.post(
        reverse("moralis_challenge"), "{}", content_type="application/json", CONTENT_LENGTH=length
    )

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "application/jsonp"],
)
def test_another_content_type(client, wallet, content_type):
    response = client.generic(
        "POST",
        reverse("moralis_challenge"),
        json.dumps({"address": wallet.address}),
        content_type=content_type,
    )

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=x", "--y"),
        ("multipart/form-data", "x"),
        ("application/x-www-form-urlencoded", "a&" * 2000),
        ("application/x-www-form-urlencoded; charset=latin-1", "a=b"),
        ("multipart/form-data; boundary=x; charset=zlib", "--x--"),
        ("multipart/form-data; boundary=x; charset=rot13", "--x--"),
        ("multipart/form-data; boundary=x; charset=idna", "--x--"),
        ("multipart/form-data; boundary=x; charset=undefined", "--x--"),
    ],
)
def test_a_form_that_is_none(client, content_type, body):
    response = client.generic("POST", reverse("moralis_challenge"), body, content_type=content_type)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_visitor_who_hangs_up(client, monkeypatch):
    def hang_up(request):
        raise UnreadablePostError("connection reset")

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.POST", property(hang_up))

    assert json_code(post_json(client, "{}")) == "invalid_request"


def test_a_site_that_does_not_know_its_visitors_address(wallet, caplog):
    """As behind a Unix socket: the operator must act, and is told."""
    response = request_challenge(Client(REMOTE_ADDR=""), wallet)

    assert (response.status_code, json_code(response)) == (503, "misconfigured")
    for name in ("ALLAUTH_TRUSTED_PROXY_COUNT", "ALLAUTH_TRUSTED_CLIENT_IP_HEADER"):
        assert name in caplog.text


def test_a_session_that_ended_while_its_state_was_read(client, wallet, monkeypatch):
    def ended(*args, **kwargs):
        raise UpdateError

    monkeypatch.setattr(MoralisProvider, "unstash_redirect_state", ended)

    assert json_code(request_challenge(client, wallet, state="x")) == "invalid_request"


def test_a_body_that_is_larger_than_django_reads(client, monkeypatch):
    def too_big(request):
        raise RequestDataTooBig

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.body", property(too_big))

    assert json_code(post_json(client, "{}")) == "invalid_request"


def test_an_address_is_needed(client):
    assert json_code(post_json(client, {})) == "invalid_request"
    assert json_code(post_json(client, {"address": None})) == "invalid_request"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "0x",
        "vitalik.eth",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c2",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c233",
        "2c7536E3605D9C16a7a3D7b1898e529396a65c23",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c2g",
        "0x2c7536E3605D9C16a7a3D7b1898e52 9396a65c23",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c2\x00",
        "0x2c7536Е3605D9C16a7a3D7b1898e529396a65c23",
        "\ud800",
        "0x" + "1" * 10_000,
    ],
    ids=[
        "empty", "no digits", "a name", "short", "long", "no prefix", "not hex", "space within",
        "NUL", "Cyrillic", "half a character", "very long",
    ],
)  # fmt: skip
def test_addresses_that_are_none(client, address):
    response = post_json(client, {"address": address})

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


def test_a_wrong_checksum(client, wallet):
    wrong = wallet.address[:2] + wallet.address[2:].swapcase()

    response = post_json(client, {"address": wrong})

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


@pytest.mark.parametrize("network", ["bitcoin", "", "EVM", "aptos", "evm\x00"])
def test_networks_that_are_not_offered(client, wallet, network):
    response = request_challenge(client, wallet, network=network)

    assert (response.status_code, json_code(response)) == (400, "unsupported_network")


@pytest.mark.parametrize("process", ["", "Login", "redirect", "reauth", "login\x00"])
def test_purposes_that_are_none(client, wallet, process):
    response = request_challenge(client, wallet, process=process)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "next_url",
    ["//evil.example", "https://evil.example/", "https:evil.example", "http:///evil.example",
     "javascript:alert(1)", "\\\\evil.example", "/\\evil.example", "http://[::1", "http://[",
     "\x00/",     "/a\r\nSet-Cookie: b", "/\ud800", "/" + "x" * 5000, "", None, "http://testserver@evil.example/",
     "ftp://testserver/", "relative/", "?query", "#fragment"],
)  # fmt: skip
def test_a_next_that_leads_elsewhere_is_ignored(client, wallet, next_url):
    response = sign_in(client, wallet, next=next_url)

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_service_is_asked(client, wallet, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    asked, request_challenge_of = [], LocalBackend.request_challenge

    def ask(*args: Any) -> Any:
        asked.append(connection.in_atomic_block)
        return request_challenge_of(*args)

    monkeypatch.setattr(LocalBackend, "request_challenge", ask)

    assert request_challenge(client, wallet).status_code == 200
    assert asked == [False]
