"""``POST moralis/challenge/``: every field, and everything that is not one."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from django.test import Client
from django.urls import reverse

from allauth_moralis.provider import MoralisProvider
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, post_json

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


@pytest.mark.parametrize(
    ("chain_id", "said"),
    [
        (1, "1"),
        ("137", "137"),
        ("0x89", "137"),
        ("0X89", "137"),
        (2**53 - 1, "9007199254740991"),
        ("0x1fffffffffffff", "9007199254740991"),
    ],
)
def test_chain_ids_as_wallets_give_them(client, wallet, chain_id, said):
    assert f"\nChain ID: {said}\n" in obtain_challenge(client, wallet, chain_id=chain_id)[1]


@pytest.mark.parametrize(
    "chain_id",
    [0, -1, 2**53, 10**30, "0", "", "0x", "0x0", "0x20000000000000", "1.0", "１", "one", "1e3",
     " 1", 1.0, True, None, [1], {"id": 1}, "9" * 400],
)  # fmt: skip
def test_chain_ids_that_are_none(client, wallet, chain_id):
    response = request_challenge(client, wallet, chain_id=chain_id)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


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


def test_a_site_that_does_not_know_its_visitors_address(wallet):
    """As behind a Unix socket: the operator must act, and is told."""
    response = request_challenge(Client(REMOTE_ADDR=""), wallet)

    assert (response.status_code, json_code(response)) == (503, "misconfigured")


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
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\n",
        " 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c2\x00",
        "0x2c7536Е3605D9C16a7a3D7b1898e529396a65c23",
        "\ud800",
        "0x" + "1" * 10_000,
    ],
    ids=[
        "empty", "no digits", "a name", "short", "long", "no prefix", "not hex", "newline", "space",
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


def test_chains_that_are_not_allowed(client, wallet, provider):
    provider["CHAINS"] = [137]

    assert request_challenge(client, wallet, chain_id=137).status_code == 200
    response = request_challenge(client, wallet, chain_id=1)
    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


def test_a_chain_that_the_service_does_not_know(client, wallet, moralis):
    response = request_challenge(client, wallet, chain_id=424242)

    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


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


# --- The domain ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "secure", "domain"),
    [
        ("example.com", False, "example.com"),
        ("example.com:80", False, "example.com"),
        ("example.com:443", True, "example.com"),
        ("example.com:443", False, "example.com:443"),
        ("example.com:8000", False, "example.com:8000"),
        ("EXAMPLE.com", False, "example.com"),
        ("example.com.", False, "example.com"),
        ("example.com.:8000", False, "example.com:8000"),
        ("shop.example.com", False, "shop.example.com"),
        ("[::1]:8000", False, "[::1]:8000"),
    ],
)
def test_the_domain_is_the_requests_host(client, wallet, settings, host, secure, domain):
    settings.ALLOWED_HOSTS = [".example.com", "[::1]"]

    response = post_json(client, {"address": wallet.address}, headers={"host": host}, secure=secure)

    message = response.json()["message"]
    scheme = "https" if secure else "http"
    assert message.startswith(f"{domain} wants you to sign in with your Ethereum account:\n")
    assert f"\nSign in to {domain}\n" in message
    assert f"\nURI: {scheme}://{domain}/\n" in message


@pytest.mark.parametrize(
    "host",
    ["evil.example", "example.com.evil.example", "example.com@evil.example", "exаmple.com",
     "evil.example#example.com", "example.com/evil"],
)  # fmt: skip
def test_a_forged_host_is_never_in_a_message(client, wallet, settings, host):
    settings.ALLOWED_HOSTS = ["example.com"]

    response = post_json(client, {"address": wallet.address}, HTTP_HOST=host)

    assert response.status_code == 400
    assert b"wants you to sign in" not in response.content


@pytest.mark.parametrize("port", ["123456", "1" * 3000])
def test_a_port_that_is_none(client, wallet, settings, port):
    settings.ALLOWED_HOSTS = ["example.com"]

    response = post_json(
        client, {"address": wallet.address}, headers={"host": f"example.com:{port}"}
    )

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_forged_forwarded_host_is_never_in_a_message(client, wallet):
    response = post_json(
        client, {"address": wallet.address}, headers={"x-forwarded-host": "evil.example"}
    )

    assert "evil" not in response.json()["message"]


def test_a_domain_that_is_set_stands_whatever_the_host(client, wallet, provider):
    provider["DOMAIN"] = "login.example.org"

    message = obtain_challenge(client, wallet)[1]

    assert message.startswith("login.example.org wants you to sign in")
    assert "\nURI: http://login.example.org/\n" in message


@pytest.mark.parametrize(
    ("statement", "login", "connect"),
    [
        ("Welcome to {domain}!", "Welcome to testserver!", "Welcome to testserver!"),
        (
            {"connect": "Join {domain} {and} me"},
            "Sign in to testserver",
            "Join testserver {and} me",
        ),
    ],
)
def test_a_statement_of_the_sites_own(
    client, wallet, other_wallet, provider, statement, login, connect
):
    provider["STATEMENT"] = statement
    sign_in(client, wallet)

    assert f"\n\n{login}\n\n" in obtain_challenge(client, other_wallet)[1]
    assert f"\n\n{connect}\n\n" in obtain_challenge(client, other_wallet, process="connect")[1]


def test_the_time_to_answer_is_the_sites_own(client, wallet, provider):
    provider["CHALLENGE_TTL"] = 20

    expires = datetime.fromisoformat(request_challenge(client, wallet).json()["expires_at"])

    assert 15 < (expires - datetime.now(UTC)).total_seconds() <= 20


def test_nonces_differ_and_carry_101_bits(client, wallet, provider):
    provider["RATE_LIMITS"] = False

    nonces = {re.search("Nonce: (.*)", obtain_challenge(client, wallet)[1])[1] for _ in range(50)}

    assert len(nonces) == 50
    assert all(re.fullmatch("[A-Za-z0-9]{17}", nonce) for nonce in nonces)


# --- Floods ----------------------------------------------------------------------------------


def test_too_many_challenges_for_one_wallet(client, wallet, other_wallet):
    for _ in range(10):
        assert request_challenge(client, wallet).status_code == 200

    response = request_challenge(Client(REMOTE_ADDR="192.0.2.7"), wallet)

    assert (response.status_code, json_code(response)) == (429, "rate_limited")
    assert response["Retry-After"] == "60"
    assert request_challenge(client, other_wallet).status_code == 200


def test_too_many_challenges_from_one_address(client, provider):
    provider["RATE_LIMITS"] = {"challenge": "2/m/ip"}
    wallets = [f"0x{number:040x}" for number in range(3)]

    responses = [post_json(client, {"address": wallet}) for wallet in wallets]

    assert [response.status_code for response in responses] == [200, 200, 429]


def test_ipv6_addresses_are_counted_by_network(wallet, other_wallet, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}

    first = request_challenge(Client(REMOTE_ADDR="2001:db8:1:2::1"), wallet)
    neighbour = request_challenge(Client(REMOTE_ADDR="2001:db8:1:2:ffff::9"), other_wallet)
    elsewhere = request_challenge(Client(REMOTE_ADDR="2001:db8:1:3::1"), other_wallet)

    assert [r.status_code for r in (first, neighbour, elsewhere)] == [200, 429, 200]


def test_no_rate_limits(client, wallet, provider):
    provider["RATE_LIMITS"] = False

    assert {request_challenge(client, wallet).status_code for _ in range(40)} == {200}


def test_only_the_latest_challenges_are_kept(client, wallet):
    handles = [obtain_challenge(client, wallet) for _ in range(10)]
    first, text = handles[0]
    latest = obtain_challenge(client, wallet, address="0x" + "1" * 40)

    assert len(client.session["allauth_moralis"]) == 10
    assert latest[0] in client.session["allauth_moralis"]
    assert answer(client, first, wallet.sign(text)).status_code == 403


def test_challenges_that_expired_long_ago_are_forgotten(client, wallet):
    old, _ = obtain_challenge(client, wallet)
    session = client.session
    session["allauth_moralis"][old]["expires_at"] -= 1000
    session.save()

    new, _ = obtain_challenge(client, wallet)

    assert list(client.session["allauth_moralis"]) == [new]
