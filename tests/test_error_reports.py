"""What is mailed to ``ADMINS`` of a failure deep inside: no handle, signature or wrapper."""

# ruff: noqa: ARG002 - what fails here only holds the values

import json
import sys
from html import unescape

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.signals import pre_social_login
from django.core.signals import got_request_exception
from django.test import Client
from django.views.debug import (
    ExceptionReporter,
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, obtain_challenge, sign_in

pytestmark = pytest.mark.django_db

BASE = "/_allauth/browser/v1/auth/provider/"


class Broken(LocalBackend):
    def verify(self, challenge, proof):
        copies = [proof.signature, {"proof": (proof.signature, proof.full_message)}]
        body = json.dumps({"signature": proof.signature, "message": proof.full_message})
        return self.fail(copies, body.encode())

    def fail(self, anything, raw):
        raise RuntimeError("a bug")


@pytest.fixture
def report(settings):
    """The HTML of the latest failure's report, as ``AdminEmailHandler`` makes it."""
    settings.DEBUG = False
    reports = []

    def receive(request, **kwargs):
        reports.append(ExceptionReporter(request, *sys.exc_info(), is_email=True))

    got_request_exception.connect(receive)
    yield lambda: unescape(reports.pop().get_traceback_html())
    got_request_exception.disconnect(receive)


@pytest.fixture(params=["verify", "store", "receive"])
def broken(request, provider, monkeypatch):
    """Something fails: the judge, the database, or a receiver of the site's."""

    def fail(*args, **kwargs):
        raise RuntimeError("a bug")

    if request.param == "verify":
        provider["BACKEND"] = f"{__name__}.Broken"
        yield
    elif request.param == "store":
        monkeypatch.setattr("django.db.backends.utils.CursorWrapper._execute", _fail_to_store)
        yield
    else:
        pre_social_login.connect(fail)
        yield
        pre_social_login.disconnect(fail)


def _fail_to_store(self, sql, params, *ignored):
    if "verified_by" in str(params):
        raise RuntimeError("a bug")
    return self.cursor.execute(sql, params) if params is not None else self.cursor.execute(sql)


def post(client, path, data):
    return client.post(BASE + path, json.dumps(data), content_type="application/json")


def by_page(client, wallet, process):
    challenge, message = obtain_challenge(client, wallet, process=process)
    answered = {"challenge": challenge, **wallet.prove(message)}
    client.post("/accounts/moralis/verify/", {**answered, "challenge": f" {challenge} "})
    return answered


def by_application(client, wallet, process):
    data = post(client, "moralis/challenge", {**wallet.described, "process": process}).json()
    answered = {"challenge": data["data"]["challenge"], **wallet.prove(data["data"]["message"])}
    if process == "reauthenticate":
        post(client, "moralis/reauthenticate", answered)
    else:
        token = {"id_token": json.dumps(answered)}
        post(client, "token", {"provider": "moralis", "process": process, "token": token})
    return answered


def assert_nothing_shown(html, answered):
    assert "a bug" in html
    assert "allauth_moralis" in html
    for name, secret in answered.items():
        for spelled in (secret, secret.removeprefix("0x"), secret.replace("\n", "\\n")):
            assert spelled not in html, name


@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
@pytest.mark.parametrize("way", [by_page, by_application])
def test_failure_shows_nothing_of_the_answer(report, provider, broken, way, kind):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]
    client = Client(raise_request_exception=False)

    answered = way(client, kind(), "login")

    assert_nothing_shown(report(), answered)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("way", [by_page, by_application])
@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_failure_to_link_or_confirm_shows_nothing_of_the_answer(
    report, provider, wallet, way, process
):
    client = Client(raise_request_exception=False)
    sign_in(client, wallet)
    provider["BACKEND"] = f"{__name__}.Broken"

    answered = way(client, wallet, process)

    assert_nothing_shown(report(), answered)


def test_signature_is_hidden_in_the_spelling_in_which_it_is_stored(report, wallet, monkeypatch):
    monkeypatch.setattr("django.db.backends.utils.CursorWrapper._execute", _fail_to_store)
    client = Client(raise_request_exception=False)
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    posted = signature[2:-2].upper() + f"{int(signature[-2:], 16) - 27:02x}"

    client.post("/accounts/moralis/verify/", {"challenge": challenge, "signature": posted})

    assert_nothing_shown(report(), {"stored": signature, "posted": posted})


class OfTheSite(SafeExceptionReporterFilter):
    cleansed_substitute = "[withheld by the site]"


def test_filter_of_the_site_is_asked_too(request, report, provider, wallet, settings):
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = f"{__name__}.OfTheSite"
    get_default_exception_reporter_filter.cache_clear()
    request.addfinalizer(get_default_exception_reporter_filter.cache_clear)
    provider["BACKEND"] = f"{__name__}.Broken"
    client = Client(raise_request_exception=False)

    answered = by_page(client, wallet, "login")

    html = report()
    assert_nothing_shown(html, answered)
    assert "[withheld by the site]" in html


class Unprintable:
    def __repr__(self):
        raise ValueError


class Odd(LocalBackend):
    def verify(self, challenge, proof):
        proof = Unprintable()
        return self.fail(proof)

    def fail(self, anything):
        raise RuntimeError("a bug")


@pytest.mark.parametrize("debug", [False, True])
def test_report_is_made_whatever_is_in_a_frame(report, provider, wallet, settings, debug):
    provider["BACKEND"] = f"{__name__}.Odd"
    client = Client(raise_request_exception=False)
    settings.DEBUG = debug

    by_page(client, wallet, "login")

    assert "a bug" in report()
