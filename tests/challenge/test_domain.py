"""The domain that a text names, and floods of requests."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from ..ceremony import json_code, post_json, search

pytestmark = pytest.mark.django_db

# --- The domain ----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("port", ["123456", "99999", "0", "0080", "1" * 3000])
def test_a_port_that_is_none(client, wallet, settings, port):
    settings.ALLOWED_HOSTS = ["example.com"]

    response = post_json(
        client, {"address": wallet.address}, headers={"host": f"example.com:{port}"}
    )

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_name_that_is_longer_than_any_is_refused(client, wallet, settings):
    settings.ALLOWED_HOSTS = [".example.com"]
    host = "a" * 250 + ".example.com"

    response = post_json(client, {"address": wallet.address}, headers={"host": host})

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

    nonces = {search("Nonce: (.*)", obtain_challenge(client, wallet)[1])[1] for _ in range(50)}

    assert len(nonces) == 50
    assert all(re.fullmatch("[A-Za-z0-9]{17}", nonce) for nonce in nonces)


def test_requests_of_strangers_do_not_keep_a_wallets_owner_out(client, wallet):
    strangers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(3)]
    asked = [
        request_challenge(stranger, wallet).status_code for stranger in strangers for _ in range(30)
    ]

    assert set(asked) == {200}
    assert sign_in(client, wallet).status_code == 302


def test_a_site_can_limit_the_challenges_of_one_wallet(client, wallet, other_wallet, provider):
    provider["RATE_LIMITS"] = {"challenge": "30/m/ip,10/m/key"}
    for _ in range(10):
        assert request_challenge(client, wallet).status_code == 200

    response = request_challenge(Client(REMOTE_ADDR="192.0.2.7"), wallet)

    assert (response.status_code, json_code(response)) == (429, "rate_limited")
    assert response["Retry-After"] == "60"
    assert request_challenge(client, other_wallet).status_code == 200


# --- Floods --------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("spelt", ["::ffff:192.0.2.{}", "::ffff:c000:20{}"])
def test_ipv4_addresses_that_are_written_as_ipv6_are_counted_one_by_one(wallet, provider, spelt):
    """As by a server that listens on IPv6 for both."""
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}

    first, second, first_again = (
        request_challenge(Client(REMOTE_ADDR=spelt.format(last)), wallet) for last in (1, 2, 1)
    )

    assert [r.status_code for r in (first, second, first_again)] == [200, 200, 429]


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
