"""``POST moralis/challenge/``: every field, and everything that is not one."""

import json
import re
from datetime import UTC, datetime

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from django.test import Client
from django.urls import reverse

from allauth_moralis.provider import MoralisProvider
from allauth_moralis.siwx.wallets import eip55, eip1191

from .ceremony import answer, ask, issued, json_code, page_code, post_json, sign_in

pytestmark = pytest.mark.django_db


def test_the_answer_has_three_fields_and_no_more(client, account, backend):
    response = ask(client, account)

    data = response.json()
    assert list(data) == ["challenge", "message", "expires_at"]
    expires = datetime.strptime(data["expires_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 110 < (expires - datetime.now(UTC)).total_seconds() <= 120
    assert "no-store" in response["Cache-Control"]


def test_fields_that_may_be_left_out(client, account):
    response = post_json(client, {"address": account.address})

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
        ("eip155:137", "137"),
        ("eip155:1", "1"),
        (" 137\n", "137"),
        ("\t0x89 ", "137"),
        (" eip155:137 ", "137"),
        ("0x" + "89".zfill(64), "137"),
        ("000137", "137"),
    ],
)
def test_chain_ids_as_wallets_give_them(client, account, chain_id, said):
    assert f"\nChain ID: {said}\n" in issued(client, account, chain_id=chain_id)[1]


SHORT = [
    *(0, -1, 2**53, 2**60, 2**256 - 1, 10**30, 1.0, 137.0, -0.5, True, False, None),
    *("0", "", " ", "0x", "0x0", "0x20000000000000", "1.0", "１", "one", "1e3", "- 1", "1\x00"),
    *("eip155:0", "eip155:", "EIP155:137", "eip155:0x1", "\ud800", "9" * 80),
    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
]


@pytest.mark.parametrize("chain_id", SHORT)
def test_wallet_that_does_not_know_its_chain_is_on_the_first(client, account, chain_id):
    assert "\nChain ID: 1\n" in issued(client, account, chain_id=chain_id)[1]


@pytest.mark.parametrize("chain_id", SHORT)
def test_wallet_that_does_not_know_its_chain_is_refused_where_chains_are_listed(
    client, account, provider, chain_id
):
    provider["CHAINS"] = [1, 137]

    response = ask(client, account, chain_id=chain_id)

    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1E400"])
def test_numbers_that_no_integer_is_are_the_first_chain(client, account, number):
    body = json.dumps({**account.described, "chain_id": 0}).replace("0}", number + "}")

    assert "\nChain ID: 1\n" in post_json(client, body).json()["message"]


@pytest.mark.parametrize("chains", [None, [1]])
@pytest.mark.parametrize(
    "chain_id", [[1], {"id": 1}, [], "9" * 400, "1".ljust(81), 2**256, -(10**90)]
)
def test_chain_ids_that_no_wallet_gives(client, account, provider, chains, chain_id):
    provider["CHAINS"] = chains

    response = ask(client, account, chain_id=chain_id)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_chain_that_is_left_out_is_the_first(client, account, provider):
    provider["CHAINS"] = [137]
    assert json_code(ask(client, account)) == "unsupported_chain"

    provider["CHAINS"] = [1]
    assert "\nChain ID: 1\n" in issued(client, account)[1]


def test_blanks_around_every_field_are_taken_off(client, account):
    fields = {"process": " login\n", "network": " evm ", "next": "\t/there/ ", "chain_id": " 1 "}
    challenge, message = issued(client, account, **fields, address=f"\n {account.address}\r\n")

    response = answer(client, f" {challenge}\n", account.sign(message))

    assert response["Location"] == "/there/"


# The examples of EIP-1191.
RSK = {
    30: [
        "0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD",
        "0xFb6916095cA1Df60bb79ce92cE3EA74c37c5d359",
    ],
    31: [
        "0x5aAeb6053F3e94c9b9A09F33669435E7EF1BEaEd",
        "0xFb6916095CA1dF60bb79CE92ce3Ea74C37c5D359",
    ],
}


@pytest.mark.parametrize(
    ("chain", "address"), [(chain, each) for chain in RSK for each in RSK[chain]]
)
def test_checksum_of_the_wallets_own_chain_is_taken(client, chain, address):
    told = {"address": address, "chain_id": chain}

    for spelling in (address, eip55(address[2:].lower()), address.lower()):
        text = post_json(client, {**told, "address": spelling}).json()["message"]
        assert text.splitlines()[1] == eip55(address[2:].lower())


@pytest.mark.parametrize("asked", [1, 30, 31, 137])
@pytest.mark.parametrize("chain", RSK)
def test_checksum_of_another_chain_is_refused(client, chain, asked):
    response = post_json(client, {"address": RSK[chain][0], "chain_id": asked})

    assert response.status_code == (200 if asked == chain else 400)
    if asked != chain:
        assert json_code(response) == "invalid_address"


def test_wrong_checksum_is_refused_on_rsk_too(client):
    address = RSK[30][0]
    wrong = address[:6] + address[6].swapcase() + address[7:]

    response = post_json(client, {"address": wrong.replace("EB", "eB"), "chain_id": 30})

    assert json_code(response) == "invalid_address"


def test_wallet_on_rsk_is_the_same_account_as_elsewhere(client, account):
    sign_in(client, account)
    client.logout()

    spelled = eip1191(account.address[2:].lower(), 30)
    sign_in(client, account, address=spelled, chain_id="0x1e")

    assert SocialAccount.objects.get().uid == account.address


@pytest.mark.parametrize("field", ["network", "address", "process", "next", "state"])
@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["x"], {"a": "b"}])
def test_fields_of_another_type(client, account, field, value):
    response = ask(client, account, **{field: value})

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
def test_a_body_that_is_too_large(client, account, size):
    body = json.dumps({"address": account.address, "next": "/"}).ljust(size)

    response = post_json(client, body)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_body_that_hides_its_size(client, account, monkeypatch):
    """As one sent in chunks does: without Content-Length it is judged by what came."""
    body = json.dumps({"address": account.address}).ljust(20_000)
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
def test_another_content_type(client, account, content_type):
    response = client.generic(
        "POST",
        reverse("moralis_challenge"),
        json.dumps({"address": account.address}),
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


def test_a_site_that_does_not_know_its_visitors_address(account, caplog):
    """As behind a Unix socket: the operator must act, and is told."""
    response = ask(Client(REMOTE_ADDR=""), account)

    assert (response.status_code, json_code(response)) == (503, "misconfigured")
    for name in ("ALLAUTH_TRUSTED_PROXY_COUNT", "ALLAUTH_TRUSTED_CLIENT_IP_HEADER"):
        assert name in caplog.text


def test_a_session_that_ended_while_its_state_was_read(client, account, monkeypatch):
    def ended(*args, **kwargs):
        raise UpdateError

    monkeypatch.setattr(MoralisProvider, "unstash_redirect_state", ended)

    assert json_code(ask(client, account, state="x")) == "invalid_request"


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


def test_a_wrong_checksum(client, account):
    wrong = account.address[:2] + account.address[2:].swapcase()

    response = post_json(client, {"address": wrong})

    assert (response.status_code, json_code(response)) == (400, "invalid_address")


@pytest.mark.parametrize("network", ["bitcoin", "", "EVM", "aptos", "evm\x00"])
def test_networks_that_are_not_offered(client, account, network):
    response = ask(client, account, network=network)

    assert (response.status_code, json_code(response)) == (400, "unsupported_network")


def test_chains_that_are_not_allowed(client, account, provider):
    provider["CHAINS"] = [137]

    assert ask(client, account, chain_id=137).status_code == 200
    response = ask(client, account, chain_id=1)
    assert (response.status_code, json_code(response)) == (400, "unsupported_chain")


def test_refused_chain_says_that_the_site_refuses_it(client, account, provider):
    provider["CHAINS"] = [137]

    assert "by this site" in ask(client, account).json()["error"]["message"]


# Arbitrum, zkSync and Linea, which the service has never listed, and one that is nobody's.
@pytest.mark.parametrize("chain", [42161, 324, 59144, 424242])
@pytest.mark.parametrize("listed", [False, True])
def test_chain_that_the_service_does_not_list_is_judged_here(
    client, account, moralis, provider, chain, listed
):
    sign_in(client, account, chain_id=1)
    client.logout()
    provider["CHAINS"] = [chain] if listed else None

    challenge, message = issued(client, account, chain_id=hex(chain))
    assert f"\nChain ID: {chain}\n" in message
    assert answer(client, challenge, account.sign(message)).status_code == 302

    row = SocialAccount.objects.get()
    assert row.extra_data["chain_id"] == row.extra_data["verified"]["chainId"] == chain
    assert row.extra_data["verified_by"] == "local"
    assert "profileId" not in row.extra_data["verified"]
    assert list(moralis.requests)[2:] == ["POST /challenge/request/evm"]


def test_wrong_signature_on_a_chain_that_the_service_does_not_list(
    client, account, other_account, moralis
):
    challenge, message = issued(client, account, chain_id=42161)

    assert page_code(answer(client, challenge, other_account.sign(message))) == "signature_invalid"
    assert page_code(answer(client, challenge, account.sign(message))) == "challenge_missing"


def test_chain_that_the_site_does_not_accept_is_not_asked_about(client, account, moralis, provider):
    provider["CHAINS"] = [1]

    assert json_code(ask(client, account, chain_id=42161)) == "unsupported_chain"
    assert list(moralis.requests) == []


@pytest.mark.parametrize("process", ["", "Login", "redirect", "reauth", "login\x00"])
def test_purposes_that_are_none(client, account, process):
    response = ask(client, account, process=process)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "next_url",
    ["//evil.example", "https://evil.example/", "https:evil.example", "http:///evil.example",
     "javascript:alert(1)", "\\\\evil.example", "/\\evil.example", "http://[::1", "http://[",
     "\x00/",     "/a\r\nSet-Cookie: b", "/\ud800", "/" + "x" * 5000, "", None, "http://testserver@evil.example/",
     "ftp://testserver/", "relative/", "?query", "#fragment"],
)  # fmt: skip
def test_a_next_that_leads_elsewhere_is_ignored(client, account, next_url):
    response = sign_in(client, account, next=next_url)

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
def test_the_domain_is_the_requests_host(client, account, settings, host, secure, domain):
    settings.ALLOWED_HOSTS = [".example.com", "[::1]"]

    response = post_json(
        client, {"address": account.address}, headers={"host": host}, secure=secure
    )

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
def test_a_forged_host_is_never_in_a_message(client, account, settings, host):
    settings.ALLOWED_HOSTS = ["example.com"]

    response = post_json(client, {"address": account.address}, HTTP_HOST=host)

    assert response.status_code == 400
    assert b"wants you to sign in" not in response.content


@pytest.mark.parametrize("port", ["123456", "1" * 3000])
def test_a_port_that_is_none(client, account, settings, port):
    settings.ALLOWED_HOSTS = ["example.com"]

    response = post_json(
        client, {"address": account.address}, headers={"host": f"example.com:{port}"}
    )

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_forged_forwarded_host_is_never_in_a_message(client, account):
    response = post_json(
        client, {"address": account.address}, headers={"x-forwarded-host": "evil.example"}
    )

    assert "evil" not in response.json()["message"]


def test_a_domain_that_is_set_stands_whatever_the_host(client, account, provider):
    provider["DOMAIN"] = "login.example.org"

    message = issued(client, account)[1]

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
    client, account, other_account, provider, statement, login, connect
):
    provider["STATEMENT"] = statement
    sign_in(client, account)

    assert f"\n\n{login}\n\n" in issued(client, other_account)[1]
    assert f"\n\n{connect}\n\n" in issued(client, other_account, process="connect")[1]


def test_the_time_to_answer_is_the_sites_own(client, account, provider):
    provider["CHALLENGE_TTL"] = 20

    expires = datetime.fromisoformat(ask(client, account).json()["expires_at"])

    assert 15 < (expires - datetime.now(UTC)).total_seconds() <= 20


def test_nonces_differ_and_carry_101_bits(client, account, provider):
    provider["RATE_LIMITS"] = False

    nonces = {re.search("Nonce: (.*)", issued(client, account)[1])[1] for _ in range(50)}

    assert len(nonces) == 50
    assert all(re.fullmatch("[A-Za-z0-9]{17}", nonce) for nonce in nonces)


# --- Floods ----------------------------------------------------------------------------------


def test_requests_of_strangers_do_not_keep_a_wallets_owner_out(client, account):
    strangers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(3)]
    asked = [ask(stranger, account).status_code for stranger in strangers for _ in range(30)]

    assert set(asked) == {200}
    assert sign_in(client, account).status_code == 302


def test_a_site_can_limit_the_challenges_of_one_wallet(client, account, other_account, provider):
    provider["RATE_LIMITS"] = {"challenge": "30/m/ip,10/m/key"}
    for _ in range(10):
        assert ask(client, account).status_code == 200

    response = ask(Client(REMOTE_ADDR="192.0.2.7"), account)

    assert (response.status_code, json_code(response)) == (429, "rate_limited")
    assert response["Retry-After"] == "60"
    assert ask(client, other_account).status_code == 200


def test_too_many_challenges_from_one_address(client, provider):
    provider["RATE_LIMITS"] = {"challenge": "2/m/ip"}
    wallets = [f"0x{number:040x}" for number in range(3)]

    responses = [post_json(client, {"address": wallet}) for wallet in wallets]

    assert [response.status_code for response in responses] == [200, 200, 429]


def test_ipv6_addresses_are_counted_by_network(account, other_account, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}

    first = ask(Client(REMOTE_ADDR="2001:db8:1:2::1"), account)
    neighbour = ask(Client(REMOTE_ADDR="2001:db8:1:2:ffff::9"), other_account)
    elsewhere = ask(Client(REMOTE_ADDR="2001:db8:1:3::1"), other_account)

    assert [r.status_code for r in (first, neighbour, elsewhere)] == [200, 429, 200]


def test_no_rate_limits(client, account, provider):
    provider["RATE_LIMITS"] = False

    assert {ask(client, account).status_code for _ in range(40)} == {200}


def test_only_the_latest_challenges_are_kept(client, account):
    handles = [issued(client, account) for _ in range(10)]
    first, text = handles[0]
    latest = issued(client, account, address="0x" + "1" * 40)

    assert len(client.session["allauth_moralis"]) == 10
    assert latest[0] in client.session["allauth_moralis"]
    assert answer(client, first, account.sign(text)).status_code == 403


def test_challenges_that_expired_long_ago_are_forgotten(client, account):
    old, _ = issued(client, account)
    session = client.session
    session["allauth_moralis"][old]["expires_at"] -= 1000
    session.save()

    new, _ = issued(client, account)

    assert list(client.session["allauth_moralis"]) == [new]
