"""The stand-in of the Moralis Auth API, over HTTP: what a client may take it to prove."""

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests

from allauth_moralis.emulator import AuthService, Behaviour, Emulator
from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.siwx import signatures
from allauth_moralis.siwx.text import match, render, timestamp
from allauth_moralis.siwx.wallets import EVM, SignIn, Wallet
from allauth_moralis.testing import EvmWallet

REQUEST = "/challenge/request/evm"
VERIFY = "/challenge/verify/evm"

# The one complete recording of the real service: request, signature and verification.
RECORDED_TEXT = """\
defi.finance wants you to sign in with your Ethereum account:
0x28cC324d04132b8Caa67479C9083e6f5ad505EC1

Please confirm

URI: https://defi.finance/
Version: 1
Chain ID: 1
Nonce: rhB7VY6zuNlwTu4KM
Issued At: 2022-08-14T15:25:18.700Z
Expiration Time: 2023-01-01T00:00:00.000Z
Not Before: 2020-01-01T00:00:00.000Z"""
RECORDED_SIGNATURE = (
    "0x59bfb8d223bbd3a8cad8ebcf9482516b620058e3076530a66f780c2548d7eb9f"
    "5dc19863b36eb89b60ba1c11666f8b9862562ed2e851bc28862e876a47ad14b91c"
)
RECORDED_SIGN_IN = SignIn(
    wallet=Wallet(EVM, "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1"),
    domain="defi.finance",
    uri="https://defi.finance/",
    chain_id=1,
    statement="Please confirm",
    expiration_time="2023-01-01T00:00:00.000Z",
    not_before="2020-01-01T00:00:00.000Z",
)
RECORDED_MOMENT = datetime(2022, 8, 14, 15, 25, 18, 700_000, tzinfo=UTC)
# The documentation's own example, which does not verify: well-formed but wrong.
DOCUMENTED_SIGNATURE = (
    "0xa8f89a58bf9b433d3100f9e41ee35b5e31fb8c7cd62547acb113162ec6f2e414"
    "0207e2dfbd4e387e1801ebc7f08a9dd105ac1d22b2e2ff0df5fa8b6d9bdcfe491c"
)


@pytest.fixture
def fields(wallet: EvmWallet) -> dict:
    """The body of a request that is in order, with nothing optional."""
    return {
        "domain": "localhost",
        "chainId": "1",
        "address": wallet.address,
        "uri": "http://localhost/",
        "timeout": 60,
    }


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    """One for all those tests that leave no trace in it."""
    with Emulator() as running:
        yield running


class Clock:
    """The emulator's time, which stands still until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(RECORDED_MOMENT)


@pytest.fixture
def timed(clock: Clock) -> Iterator[Emulator]:
    with Emulator(AuthService(clock=clock)) as running:
        yield running


def post(
    emulator: Emulator, path: str, body: object, *, key: str | None = "any"
) -> requests.Response:
    """``body`` is sent as JSON, or to the letter where it is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if key is None else {"X-API-Key": key}
    return requests.post(emulator.url + path, data=data, headers=headers, timeout=10)


def accepted(emulator: Emulator, fields: dict, **options) -> dict:
    response = post(emulator, REQUEST, fields, **options)
    assert response.status_code == 201, response.text
    return response.json()


def verify(
    emulator: Emulator, wallet: EvmWallet, text: str, /, **changes: object
) -> requests.Response:
    body = {"message": text, "signature": wallet.sign(text), **changes}
    return post(emulator, VERIFY, body)


def reason(response: requests.Response, status: int = 400) -> str | list[str]:
    """The ``message`` of a refusal in the service's own shape."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    body = response.json()
    assert list(body) == ["statusCode", "name", "message"]
    assert body["statusCode"] == status
    assert body["name"] == {400: "BadRequestException", 404: "NotFoundException"}[status]
    return body["message"]


# --- The recordings --------------------------------------------------------------------------


def test_fields_of_the_recording_give_its_text():
    rendered = render(
        RECORDED_SIGN_IN, nonce="rhB7VY6zuNlwTu4KM", issued_at="2022-08-14T15:25:18.700Z"
    )

    assert rendered == RECORDED_TEXT


def test_text_of_the_recording_is_recognised():
    assert match(RECORDED_TEXT, RECORDED_SIGN_IN) == (
        "rhB7VY6zuNlwTu4KM",
        "2022-08-14T15:25:18.700Z",
    )


def test_signature_of_the_recording_verifies():
    signatures.check_evm(RECORDED_TEXT, RECORDED_SIGNATURE, RECORDED_SIGN_IN.wallet.address)


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        (RECORDED_TEXT + "\n", RECORDED_SIGNATURE),
        (RECORDED_TEXT, DOCUMENTED_SIGNATURE),
        (RECORDED_TEXT.replace("rhB7VY6zuNlwTu4KM", "Px7Nh1RPzlCLwqgOb"), DOCUMENTED_SIGNATURE),
    ],
    ids=["trailing_newline", "documented_signature", "documented_nonce"],
)
def test_recording_with_a_change_does_not_verify(text, signature):
    with pytest.raises(SignatureInvalid):
        signatures.check_evm(text, signature, RECORDED_SIGN_IN.wallet.address)


def test_text_with_resources_is_that_of_the_net_recording():
    rendered = render(
        SignIn(
            wallet=Wallet(EVM, "0x35ba4825204dcE15C7147eA89b31178a00750f81"),
            domain="1155project.com",
            uri="https://1155project.com/",
            chain_id=80001,
            statement="Please confirm",
            expiration_time="2022-08-01T21:12:00.5047368Z",
            not_before="2022-08-01T20:12:00.5047995Z",
            resources=("https://www.1155project.com",),
        ),
        nonce="79cpaVm99Q4nGzXD6",
        issued_at="2022-08-01T20:12:00.954Z",
    )

    assert rendered == (
        "1155project.com wants you to sign in with your Ethereum account:\n"
        "0x35ba4825204dcE15C7147eA89b31178a00750f81\n\nPlease confirm\n\n"
        "URI: https://1155project.com/\nVersion: 1\nChain ID: 80001\nNonce: 79cpaVm99Q4nGzXD6\n"
        "Issued At: 2022-08-01T20:12:00.954Z\nExpiration Time: 2022-08-01T21:12:00.5047368Z\n"
        "Not Before: 2022-08-01T20:12:00.5047995Z\nResources:\n- https://www.1155project.com"
    )


def test_vector_of_a_public_test_key():
    wallet = EvmWallet.from_hex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
    text = render(
        SignIn(
            wallet=Wallet(EVM, "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"),
            domain="localhost",
            uri="http://localhost:8000/",
            chain_id=137,
        ),
        nonce="984ge9Yuc9gLTMEJO",
        issued_at="2024-01-01T00:00:00.000Z",
    )

    assert wallet.address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
    assert text == (
        "localhost wants you to sign in with your Ethereum account:\n"
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\n\n\nURI: http://localhost:8000/\nVersion: 1\n"
        "Chain ID: 137\nNonce: 984ge9Yuc9gLTMEJO\nIssued At: 2024-01-01T00:00:00.000Z"
    )
    signature = (
        "0xf691b81838c93f9656367de57186e4607b7add4e222b21896e58d2c41dadb9be"
        "2e27d1382f274998fece6456082acc43d7da149acfd8b3cb03966101d101a73f1b"
    )
    signatures.check_evm(text, signature, wallet.address)
    # The nonce of RFC 6979 leaves one signature for a key and a text.
    assert wallet.sign(text) == signature


def test_emulator_repeats_the_recording(timed):
    answer = accepted(
        timed,
        {
            "domain": "defi.finance",
            "chainId": 1,
            "address": "0x28cc324d04132b8caa67479c9083e6f5ad505ec1",
            "uri": "https://defi.finance/",
            "timeout": 60,
            "statement": "Please confirm",
            "expirationTime": "2023-01-01T00:00:00.000Z",
            "notBefore": "2020-01-01T00:00:00.000Z",
        },
    )

    nonce, issued_at = match(answer["message"], RECORDED_SIGN_IN)
    assert issued_at == "2022-08-14T15:25:18.700Z"
    assert answer["message"].replace(nonce, "rhB7VY6zuNlwTu4KM") == RECORDED_TEXT


# --- Answers ---------------------------------------------------------------------------------


def is_name(value: object) -> bool:
    """17 alphanumerics, as the service's ids and nonces have."""
    return isinstance(value, str) and len(value) == 17 and value.isascii() and value.isalnum()


def test_request_is_answered_in_the_order_of_the_recordings(shared, fields):
    answer = accepted(shared, fields)

    assert list(answer) == ["id", "message", "profileId"]
    assert is_name(answer["id"])
    assert len(answer["profileId"]) == 66
    assert int(answer["profileId"], 16)


def test_verify_is_answered_in_the_order_of_the_recordings(shared, wallet, fields):
    expiration = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    optional = {
        "statement": "Please confirm",
        "expirationTime": expiration,
        "notBefore": "2020-01-01T00:00:00.000Z",
        "resources": ["https://docs.moralis.io/"],
    }
    asked = accepted(shared, {**fields, **optional})

    response = verify(shared, wallet, asked["message"])

    assert response.status_code == 201
    answer = response.json()
    nonce = answer["nonce"]
    assert list(answer.items()) == [
        ("id", asked["id"]),
        ("domain", "localhost"),
        ("chainId", 1),
        ("address", wallet.address),
        ("statement", "Please confirm"),
        ("uri", "http://localhost/"),
        ("expirationTime", expiration),
        ("notBefore", "2020-01-01T00:00:00.000Z"),
        ("resources", ["https://docs.moralis.io/"]),
        ("version", "1"),
        ("nonce", nonce),
        ("profileId", asked["profileId"]),
    ]
    assert is_name(nonce)
    assert f"\nNonce: {nonce}\n" in asked["message"]


def test_optional_fields_that_were_not_given_are_left_out(shared, wallet, fields):
    asked = accepted(shared, fields)

    answer = verify(shared, wallet, asked["message"]).json()

    assert list(answer) == [
        *("id", "domain", "chainId", "address", "uri", "version", "nonce", "profileId")
    ]


def test_optional_fields_of_null_count_as_left_out(shared, fields):
    names = ("statement", "expirationTime", "notBefore", "resources")

    message = accepted(shared, {**fields, **dict.fromkeys(names)})["message"]

    assert "None" not in message
    assert message.splitlines()[-1].startswith("Issued At: ")


def test_fields_that_the_service_does_not_know_pass(shared, wallet, fields):
    message = accepted(shared, {**fields, "network": "evm"})["message"]

    assert verify(shared, wallet, message, network="evm").status_code == 201


@pytest.mark.parametrize("form", [137, "137", "0x89"])
def test_chain_is_taken_in_each_form_and_told_as_a_number(shared, wallet, fields, form):
    message = accepted(shared, {**fields, "chainId": form})["message"]

    assert "\nChain ID: 137\n" in message
    assert verify(shared, wallet, message).json()["chainId"] == 137


def test_lower_case_address_is_spelt_with_its_checksum(shared, wallet, fields):
    message = accepted(shared, {**fields, "address": wallet.address.lower()})["message"]

    assert message.splitlines()[1] == wallet.address


def test_profile_is_stable_for_key_and_address(shared, fields, other_wallet):
    def profile(key: str, **changes: str) -> str:
        return accepted(shared, {**fields, **changes}, key=key)["profileId"]

    first = profile("one")

    assert profile("one", chainId="137", domain="example.com") == first
    assert profile("one", address=fields["address"].lower()) == first
    assert profile("two") != first
    assert profile("one", address=other_wallet.address) != first


def test_each_challenge_has_an_id_and_a_nonce_of_its_own(shared, fields):
    first, second = accepted(shared, fields), accepted(shared, fields)

    assert first["id"] != second["id"]
    assert first["message"] != second["message"]


# --- The key ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, ""], ids=["missing", "empty"])
@pytest.mark.parametrize("path", [REQUEST, VERIFY, "/elsewhere"])
def test_no_key(shared, fields, path, key):
    response = post(shared, path, fields, key=key)

    assert (response.status_code, response.json()) == (401, {"message": "Api Key Not Present"})


def test_wrong_key(fields):
    with Emulator(AuthService(api_key="right")) as emulator:
        response = post(emulator, REQUEST, fields, key="wrong")

        assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})
        assert post(emulator, REQUEST, fields, key="right").status_code == 201


def test_name_of_the_key_s_header_in_any_letter_case(shared, fields):
    response = requests.post(
        shared.url + REQUEST, json=fields, headers={"x-api-KEY": "any"}, timeout=10
    )

    assert response.status_code == 201


# --- Validation of a request -----------------------------------------------------------------

DOMAIN = "domain must be a valid domain name"
CHAIN = (
    "chainId must be one of the following values: 1, 5, 10, 25, 56, 97, 100, 137, 250, 338, 420, "
    "1284, 1285, 1287, 1337, 8453, 10200, 43113, 43114, 80001, 80002, 84531, 88882, 88888, 11155111"
)
ADDRESS = "address must be an Ethereum address"
URL = "uri must be a URL address"
NUMBER = "timeout must be a number conforming to the specified constraints"
LITTLE = "timeout must not be less than 15"
MUCH = "timeout must not be greater than 120"
ASCII = "statement must contain only ASCII characters"
EXPIRATION = "expirationTime must be a valid ISO 8601 date string"
NOT_BEFORE = "notBefore must be a valid ISO 8601 date string"
ARRAY = "resources must be an array"

INVALID = [
    ("domain", None, DOMAIN),
    ("domain", "", DOMAIN),
    ("domain", 5, DOMAIN),
    ("domain", "https://localhost", DOMAIN),
    ("domain", "local host", DOMAIN),
    ("domain", "localhost\n", DOMAIN),
    ("domain", "-a.example", DOMAIN),
    ("domain", "b\u00fccher.example", DOMAIN),
    ("domain", "user@example.com", DOMAIN),
    ("chainId", None, CHAIN),
    ("chainId", 42161, CHAIN),
    ("chainId", "0xa4b1", CHAIN),
    ("chainId", "one", CHAIN),
    ("chainId", "", CHAIN),
    ("chainId", True, CHAIN),
    ("chainId", 1.0, CHAIN),
    ("chainId", [1], CHAIN),
    ("address", None, ADDRESS),
    ("address", "0x28cC", ADDRESS),
    ("address", "0x" + "g" * 40, ADDRESS),
    ("address", "0x" + "0" * 40 + "\n", ADDRESS),
    ("address", 5, ADDRESS),
    ("uri", None, URL),
    ("uri", "localhost", URL),
    ("uri", "http://", URL),
    ("uri", "http://[::1", URL),
    ("uri", 5, URL),
    ("uri", "http://localhost/\nVersion: 2", URL),
    ("uri", "http://local host/", URL),
    ("timeout", None, NUMBER),
    ("timeout", "60", NUMBER),
    ("timeout", True, NUMBER),
    ("timeout", float("nan"), NUMBER),
    ("timeout", 14, LITTLE),
    ("timeout", -60, LITTLE),
    ("timeout", 121, MUCH),
    ("statement", "Gr\u00fc\u00dfe", ASCII),
    ("statement", 5, ASCII),
    ("expirationTime", "tomorrow", EXPIRATION),
    ("expirationTime", "", EXPIRATION),
    ("expirationTime", 1700000000, EXPIRATION),
    ("notBefore", "yesterday", NOT_BEFORE),
    ("notBefore", "2022-02-31T00:00:00Z", NOT_BEFORE),
    ("resources", "https://docs.moralis.io/", ARRAY),
    ("resources", [5], ARRAY),
]


@pytest.mark.parametrize(("name", "value", "problem"), INVALID)
def test_request_with_invalid_field(shared, fields, name, value, problem):
    assert reason(post(shared, REQUEST, {**fields, name: value})) == [problem]


@pytest.mark.parametrize("timeout", [15, 120])
def test_bounds_of_the_timeout_are_inside(shared, fields, timeout):
    assert accepted(shared, {**fields, "timeout": timeout})["id"]


def test_all_that_is_wrong_is_told_at_once(shared):
    assert reason(post(shared, REQUEST, {})) == [DOMAIN, CHAIN, ADDRESS, URL, NUMBER]


@pytest.mark.parametrize(
    "domain",
    ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "example.com:65535", "EXAMPLE.com", "a-b.c"],
)
def test_lenient_rule_takes_host_and_port(shared, fields, domain):
    message = accepted(shared, {**fields, "domain": domain})["message"]

    assert message.startswith(f"{domain} wants you to sign in with your Ethereum account:\n")


@pytest.fixture(scope="module")
def strict() -> Iterator[Emulator]:
    with Emulator(AuthService(behaviour=Behaviour(domain_rule="fqdn"))) as running:
        yield running


@pytest.mark.parametrize("domain", ["localhost", "defi.finance", "my.dapp", "a.b-c.example"])
def test_strict_rule_takes_domain_names(strict, fields, domain):
    assert accepted(strict, {**fields, "domain": domain})["id"]


@pytest.mark.parametrize("domain", ["localhost:8000", "127.0.0.1", "[::1]", "defi", "a.b:80"])
def test_strict_rule_refuses_all_else(strict, fields, domain):
    assert reason(post(strict, REQUEST, {**fields, "domain": domain})) == [DOMAIN]


# --- Validation of a verification ------------------------------------------------------------


def test_verify_of_nothing(shared):
    assert reason(post(shared, VERIFY, {})) == [
        "message must be present",
        "signature must be present",
    ]


@pytest.mark.parametrize("name", ["message", "signature"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"]], ids=repr)
def test_verify_with_field_missing(shared, wallet, fields, name, value):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message, **{name: value})) in (
        # Whether one sentence alone comes in a list is not recorded.
        f"{name} must be present",
        [f"{name} must be present"],
    )


@pytest.mark.parametrize("signature", ["0xzz", "0x", " ", "0x" + "ab" * 65 + "\n"])
def test_verify_with_signature_that_is_no_hex(shared, wallet, fields, signature):
    message = accepted(shared, fields)["message"]

    assert "signature must be a valid hex string" in reason(
        verify(shared, wallet, message, signature=signature)
    )


def test_verify_with_text_that_is_not_ascii(shared, wallet):
    assert "message must contain only ASCII characters" in reason(
        verify(shared, wallet, "Gr\u00fc\u00dfe")
    )


def test_verify_with_two_problems(shared, wallet):
    assert reason(verify(shared, wallet, "Gr\u00fc\u00dfe", signature="no hex")) == [
        "message must contain only ASCII characters",
        "signature must be a valid hex string",
    ]


@pytest.mark.parametrize(
    "signature",
    [DOCUMENTED_SIGNATURE, RECORDED_SIGNATURE, "0x" + "00" * 65, "0x" + "ff" * 65, "ab", "abc"],
    ids=["documented", "recorded", "zeros", "ones", "short", "half_a_byte"],
)
def test_wrong_signature(shared, wallet, fields, signature):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message, signature=signature)) == "Invalid Signature"


def test_signature_of_another_account(shared, other_wallet, fields):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, other_wallet, message)) == "Invalid Signature"


def test_wrong_signature_leaves_the_challenge(emulator, wallet, other_wallet, fields):
    message = accepted(emulator, fields)["message"]
    verify(emulator, other_wallet, message)

    assert verify(emulator, wallet, message).status_code == 201


def test_text_that_was_never_issued(shared, wallet):
    assert reason(verify(shared, wallet, RECORDED_TEXT)) == "Challenge not found"


def test_text_with_one_newline_more_was_never_issued(shared, wallet, fields):
    message = accepted(shared, fields)["message"]

    assert reason(verify(shared, wallet, message + "\n")) == "Challenge not found"


# --- Times -----------------------------------------------------------------------------------


def test_answer_within_the_timeout(timed, clock, wallet, fields):
    message = accepted(timed, fields)["message"]
    clock.now += 60

    assert verify(timed, wallet, message).status_code == 201


def test_answer_after_the_timeout(timed, clock, wallet, fields):
    message = accepted(timed, fields)["message"]
    clock.now += 61

    assert reason(verify(timed, wallet, message)) == "Challenge not found"


def test_challenges_that_wait_are_bounded(emulator, fields, wallet, monkeypatch):
    monkeypatch.setattr("allauth_moralis.emulator.service.MAX_ISSUED", 2)

    first, *later = [accepted(emulator, fields) for _ in range(3)]

    statuses = [verify(emulator, wallet, asked["message"]).status_code for asked in (first, *later)]
    assert statuses == [400, 201, 201]


def test_what_timed_out_is_forgotten(timed, clock, fields):
    for _ in range(3):
        accepted(timed, fields)
        clock.now += 61

    assert len(timed.service._issued) == 1


def test_expiration_in_the_past_is_refused_at_verify_alone(emulator, wallet, fields):
    past = {"expirationTime": "2020-01-01T00:00:00.000Z"}
    message = accepted(emulator, {**fields, **past})["message"]

    assert message.endswith("\nExpiration Time: 2020-01-01T00:00:00.000Z")
    assert reason(verify(emulator, wallet, message)) == "Expired message."


@pytest.mark.parametrize(
    ("later", "status"), [(9, 201), (10, 400)], ids=["just_before", "at_the_moment"]
)
def test_expiration_within_the_timeout(timed, clock, wallet, fields, later, status):
    expiration = timestamp(RECORDED_MOMENT + timedelta(seconds=10))
    message = accepted(timed, {**fields, "expirationTime": expiration})["message"]
    clock.now += later

    assert verify(timed, wallet, message).status_code == status


def test_not_before_in_the_future(timed, clock, wallet, fields):
    start = timestamp(RECORDED_MOMENT + timedelta(seconds=10))
    message = accepted(timed, {**fields, "notBefore": start})["message"]

    assert reason(verify(timed, wallet, message)) == "Message is not valid yet."
    clock.now += 10
    assert verify(timed, wallet, message).status_code == 201


def test_seven_digits_of_a_second_are_kept(timed, wallet, fields):
    times = {
        "expirationTime": "2022-08-14T16:12:00.5047368Z",
        "notBefore": "2022-08-14T15:12:00.5047995Z",
    }
    message = accepted(timed, {**fields, **times})["message"]

    answer = verify(timed, wallet, message).json()

    assert {name: answer[name] for name in times} == times
    assert message.endswith(
        "\nExpiration Time: 2022-08-14T16:12:00.5047368Z\nNot Before: 2022-08-14T15:12:00.5047995Z"
    )


@pytest.mark.parametrize(
    ("expiration", "status"),
    [
        ("2022-08-14T15:25:19", 201),
        ("2022-08-14T15:25:18", 400),
        ("2022-08-14T17:25:18+02:00", 400),
        ("2022-08-14T14:25:19-01:00", 201),
    ],
)
def test_zone_of_an_expiration_counts_and_none_is_utc(timed, wallet, fields, expiration, status):
    message = accepted(timed, {**fields, "expirationTime": expiration})["message"]

    assert verify(timed, wallet, message).status_code == status


# --- Once or more often ----------------------------------------------------------------------


def test_challenge_is_used_up(emulator, wallet, fields):
    message = accepted(emulator, fields)["message"]
    assert verify(emulator, wallet, message).status_code == 201

    assert reason(verify(emulator, wallet, message)) == "Challenge not found"


def test_challenge_is_not_used_up_where_that_is_turned_off(wallet, fields):
    with Emulator(AuthService(behaviour=Behaviour(single_use=False))) as emulator:
        message = accepted(emulator, fields)["message"]

        answers = [verify(emulator, wallet, message) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_of_two_answers_at_once_one_is_taken(emulator, wallet, fields, monkeypatch):
    message = accepted(emulator, fields)["message"]
    both_are_right = threading.Barrier(2, timeout=10)
    check = signatures.check_evm

    def check_together(*args: str) -> None:
        check(*args)
        both_are_right.wait()

    monkeypatch.setattr(signatures, "check_evm", check_together)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: verify(emulator, wallet, message), range(2)))

    taken, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert taken.status_code == 201
    assert reason(refused) == "Challenge not found"


# --- HTTP ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", REQUEST), ("POST", "/challenge/request/none"), ("POST", "/health")],
)
def test_path_that_is_not_there(shared, method, path):
    response = requests.request(method, shared.url + path, headers={"X-API-Key": "any"}, timeout=10)

    assert reason(response, 404) == f"Cannot {method} {path}"


def test_health_needs_no_key(shared):
    response = requests.get(shared.url + "/health", timeout=10)

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "info": {}, "error": {}, "details": {}}


@pytest.mark.parametrize(
    "body",
    [b"{", b"domain=localhost", b"[]", b'"x"', b"null", b"\xff", b"[" * 100_000],
    ids=["truncated", "form", "list", "string", "null", "not_utf8", "deep"],
)
@pytest.mark.parametrize("path", [REQUEST, VERIFY])
def test_body_that_is_no_object(shared, path, body):
    assert "JSON" in reason(post(shared, path, body))


@contextmanager
def headers_alone(emulator: Emulator, length: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to a request whose body is announced and never sent."""
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
    with closing(connection):
        connection.putrequest("POST", REQUEST)
        connection.putheader("X-API-Key", "any")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        with closing(connection.getresponse()) as response:
            yield response


@pytest.mark.parametrize("length", [str(1024 * 1024 + 1), "-1", "many"])
def test_body_too_large_is_not_read(shared, length):
    with headers_alone(shared, length) as response:
        assert response.status == 400
        # What was announced would be taken for the next request.
        assert response.headers["Connection"] == "close"


def test_body_of_a_megabyte_is_read(shared, fields):
    body = json.dumps(fields).encode().ljust(1024 * 1024)

    assert post(shared, REQUEST, body).status_code == 201


def test_connection_is_kept_and_counted(emulator, fields):
    with requests.Session() as session:
        for _ in range(3):
            session.post(
                emulator.url + REQUEST, json=fields, headers={"X-API-Key": "any"}, timeout=10
            )
        assert emulator.connections == 1
    accepted(emulator, fields)

    assert emulator.connections == 2
    assert list(emulator.requests) == [f"POST {REQUEST}"] * 4


def test_two_emulators_know_nothing_of_each_other(emulator, wallet, fields):
    message = accepted(emulator, fields)["message"]

    with Emulator() as other:
        assert other.url != emulator.url
        assert reason(verify(other, wallet, message)) == "Challenge not found"


def test_emulator_that_was_left_listens_no_more():
    with Emulator() as emulator:
        url = emulator.url

    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/health", timeout=10)
