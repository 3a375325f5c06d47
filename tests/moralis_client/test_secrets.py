"""What the client of the Moralis Auth API must not show."""

import logging
import traceback

import pytest
import requests
from django.views.debug import ExceptionReporter

from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.emulator import AuthService, Emulator
from allauth_moralis.exceptions import (
    Misconfigured,
    UpstreamUnavailable,
    WalletError,
)
from allauth_moralis.siwx.wallets import Proof

from ..conftest import API_KEY
from .common import BASE, REQUEST, SECRET, VERIFY, assert_nothing_seen, request


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("", "allauth_moralis", "urllib3", "requests", "django"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


ECHO = f"{API_KEY} {SECRET}"
ECHOES: dict[str, dict] = {
    "no_connection": {"body": requests.ConnectionError(ECHO)},
    "time_out": {"body": requests.ReadTimeout(ECHO)},
    "bad_header": {"body": requests.exceptions.InvalidHeader(ECHO)},
    "other_error": {"body": requests.RequestException(ECHO)},
    "success": {"json": {"id": ECHO, "message": ECHO, "profileId": ECHO}, "status": 201},
    "html": {"body": f"<html>{ECHO}</html>", "status": 200},
    "bad_request": {"json": {"message": [ECHO]}, "status": 400},
    "bad_network": {"json": {"message": [f"network {ECHO}"]}, "status": 400},
    "bad_signature": {"json": {"message": [f"Invalid signature {ECHO}"]}, "status": 400},
    "unauthorized": {"json": {"message": ECHO}, "status": 401},
    "quota": {"json": {"message": f"Validation service blocked {ECHO}"}, "status": 401},
    "not_found": {"body": ECHO, "status": 404},
    "error": {"body": ECHO, "status": 500},
    "redirect": {"body": ECHO, "status": 302, "headers": {"Location": f"{BASE}/?{API_KEY}"}},
}


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES)
def test_request_refused_shows_no_secret(service, fields, every_log, answer):
    service.post(REQUEST, **answer)

    with pytest.raises(WalletError) as caught:
        request(fields)

    assert_nothing_seen(caught.value, every_log.text)


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES)
def test_verify_refused_shows_no_secret(service, challenge, proof, every_log, answer):
    service.post(VERIFY, **answer)

    with pytest.raises(WalletError) as caught:
        MoralisBackend().verify(challenge, proof)

    assert_nothing_seen(caught.value, every_log.text)
    assert proof.signature not in "".join([*traceback.format_exception(caught.value)])
    assert proof.signature not in every_log.text


def test_login_over_http_logs_no_secret(moralis, wallet, fields, every_log):
    backend = MoralisBackend()

    challenge = backend.request_challenge(fields)
    signature = wallet.sign(challenge.message)
    backend.verify(challenge, Proof(signature=signature))

    assert "/challenge/verify/evm" in every_log.text  # urllib3's own record: logging is on
    assert API_KEY not in every_log.text
    assert signature not in every_log.text


def test_wrong_key_over_http_shows_no_secret(provider, fields, every_log):
    with Emulator(AuthService(api_key="another")) as emulator:
        provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)

        with pytest.raises(Misconfigured) as caught:
            request(fields)

    assert_nothing_seen(caught.value, every_log.text)


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("reset"), RuntimeError("a bug")], ids=["refused", "a_bug"]
)
def test_error_report_for_the_operator_shows_no_secret(service, challenge, proof, settings, error):
    settings.DEBUG = False  # the variables of such a report are filtered only where it is mailed
    service.post(VERIFY, body=error)

    with pytest.raises((UpstreamUnavailable, RuntimeError)) as caught:
        MoralisBackend().verify(challenge, proof)

    report = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_data()
    frames = [frame for frame in report["frames"] if frame["filename"] != __file__]
    assert any(frame["function"] == "_ask" for frame in frames)
    shown = repr([frame["vars"] for frame in frames if "allauth_moralis" in frame["filename"]])
    assert API_KEY not in shown
    assert proof.signature not in shown
