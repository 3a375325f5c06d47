"""How long the emulator remembers a challenge, and how it speaks HTTP."""

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests

from allauth_moralis.emulator import AuthService, Behaviour, Emulator
from allauth_moralis.siwx import signatures
from allauth_moralis.siwx.text import timestamp

from .common import RECORDED_MOMENT, REQUEST, VERIFY, accepted, post, reason, verify

# --- Times ---------------------------------------------------------------------------------------


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


# --- Once or more often --------------------------------------------------------------------------


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


# --- HTTP ----------------------------------------------------------------------------------------


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
