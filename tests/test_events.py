"""The events of a sign-in: one line in the log and one signal each."""

import logging
import re

import pytest
import responses

from allauth_moralis import signals
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, post_json, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """Return the messages of our logger, at every level."""
    caplog.set_level(logging.DEBUG, logger="allauth_moralis")

    def read() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name == "allauth_moralis"]

    return read


@pytest.fixture
def told():
    """Return the arguments of the signals that were sent, by name."""
    events = []
    receivers = []
    for name in ("challenge_issued", "wallet_verified", "wallet_refused"):

        def receive(name=name, **kwargs):
            events.append((name, kwargs))

        getattr(signals, name).connect(receive)
        receivers.append((name, receive))
    yield events
    for name, receive in receivers:
        getattr(signals, name).disconnect(receive)


def test_sign_in_logs_two_lines(client, wallet, lines):
    sign_in(client, wallet)

    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"
    assert lines() == [
        f"challenge_issued evm {short} (for login, by local)",
        f"wallet_verified evm {short} (by local)",
    ]


def test_lines_say_how_long_the_service_took(client, wallet, moralis, lines):
    sign_in(client, wallet)

    assert [re.sub(r"\d+$", "N", line).split(" ", 3)[3] for line in lines()] == [
        "(for login, by moralis) upstream_ms=N",
        "(by moralis) upstream_ms=N",
    ]


def test_refusal_logs_one_line_with_its_code(client, wallet, other_wallet, lines):
    challenge, message = obtain_challenge(client, wallet)
    answer(client, challenge, other_wallet.sign(message))

    assert lines()[-1].startswith("refused signature_invalid evm 0x")
    assert lines()[-1].endswith("(another signer)")


def test_refusal_of_a_malformed_request_names_no_wallet(client, lines):
    post_json(client, "{")

    assert lines() == ["refused invalid_request (not JSON)"]


def test_duration_of_one_request_is_not_logged_with_the_next(client, wallet, moralis, lines):
    sign_in(client, wallet)
    post_json(client, {"address": wallet.address, "process": "connect"})

    assert "upstream_ms" in lines()[1]
    client.logout()
    request_challenge(client, wallet, process="connect")
    assert "upstream_ms" not in lines()[-1]


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        ("0b5c-42", " upstream_request_id=0b5c-42"),
        ("Root=1-abc:d", " upstream_request_id=Root=1-abc:d"),
        ("x" * 101, ""),
        ("a b", ""),
        ("é", ""),
    ],
)
@responses.activate
def test_services_request_id_is_logged_if_it_looks_like_one(
    client, wallet, provider, lines, value, logged
):
    provider.update(API_KEY="key", BASE_URL="https://service.example")
    url = "https://service.example/challenge/request/evm"
    responses.add("POST", url, status=500, headers={"X-Request-Id": value})

    request_challenge(client, wallet)

    assert search(r"upstream_ms=\d+(.*)$", lines()[-1])[1] == logged


def test_key_signature_and_text_are_not_logged(client, wallet, moralis, caplog):
    caplog.set_level(logging.DEBUG)
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    answer(client, challenge, signature)
    answer(client, challenge, signature)

    for secret in ("key-that-must", signature, signature[2:], message, "wants you to sign in"):
        assert secret not in caplog.text
    assert search("Nonce: (.*)", message)[1] not in caplog.text


def test_sign_in_sends_signals(client, wallet, told):
    sign_in(client, wallet)

    assert [name for name, _ in told] == ["challenge_issued", "wallet_verified"]
    issued_event, verified_event = (kwargs for _, kwargs in told)
    assert issued_event["challenge"].wallet.address == wallet.address
    assert issued_event["process"] == verified_event["process"] == "login"
    assert verified_event["verified"].wallet.address == wallet.address
    assert issued_event["request"].path == "/accounts/moralis/challenge/"


@pytest.mark.parametrize("known", [True, False])
def test_refusal_sends_a_signal(client, wallet, told, known):
    if known:
        challenge, _ = obtain_challenge(client, wallet)
        assert page_code(answer(client, challenge, "0xzz")) == "signature_invalid"
    else:
        assert json_code(post_json(client, {})) == "invalid_request"

    name, kwargs = told[-1]
    assert name == "wallet_refused"
    assert kwargs["code"] == ("signature_invalid" if known else "invalid_request")
    assert (kwargs["wallet"].address if known else kwargs["wallet"]) == (
        wallet.address if known else None
    )


def test_failing_receiver_changes_nothing(client, wallet):
    def fail(**kwargs):
        raise RuntimeError("of the site")

    signals.wallet_verified.connect(fail)
    try:
        assert sign_in(client, wallet).status_code == 302
    finally:
        signals.wallet_verified.disconnect(fail)
