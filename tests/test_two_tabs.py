"""Two requests of one browser at the same moment: one of them is slower, and is told so.

Signing in gives the session another key, so the slower one has a session that is no more. Django
would answer with a bare 400, and neither may it take away the cookie of the session that is new.
"""

from importlib import import_module

import pytest
from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as site
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import PermissionDenied
from django.test import Client

from allauth_moralis.devices import states
from allauth_moralis.internal import flows, stash
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of
from .devices.common import Computer, approve
from .headless_app import App, codes

pytestmark = pytest.mark.django_db

COOKIE = site.SESSION_COOKIE_NAME
DJANGOS = "django.contrib.sessions.backends."


@pytest.fixture(
    autouse=True,
    params=[f"{DJANGOS}{name}" for name in ("db", "cached_db", "cache")]
    + ["config.sessions.database", "config.sessions.cached"],
)
def engine(request, settings) -> None:
    settings.SESSION_ENGINE = request.param


@pytest.fixture
def meanwhile(monkeypatch):
    """Have something done by another tab, once, before a function of ours is called."""

    def arrange(module, name, act) -> None:
        function = getattr(module, name)

        def late(*args, **options):
            monkeypatch.setattr(module, name, function)
            act()
            return function(*args, **options)

        monkeypatch.setattr(module, name, late)

    return arrange


def tab_of(client: Client) -> Client:
    """Another tab of the same browser, which sends the same cookies."""
    tab = Client()
    tab.cookies.load(client.cookies.output(header="", sep=";"))
    return tab


def leaves_the_cookie(response) -> bool:
    return COOKIE not in response.cookies


def test_slower_of_two_answers_is_told_that_the_challenge_was_used(client, wallet, meanwhile):
    tab = tab_of(client)
    challenge, message = obtain_challenge(tab, wallet)
    faster = tab_of(tab)
    signature = wallet.sign(message)
    meanwhile(flows, "claim", lambda: answer(faster, challenge, signature))

    response = answer(tab, challenge, signature)

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert leaves_the_cookie(response)
    assert user_of(faster) is not None


def test_refusal_of_the_faster_one_is_remembered(client, wallet, other_wallet, meanwhile):
    challenge, message = obtain_challenge(client, wallet)
    faster = tab_of(client)
    signature = other_wallet.sign(message)
    meanwhile(flows, "claim", lambda: answer(faster, challenge, signature))

    slower = answer(client, challenge, signature)
    again = answer(client, challenge, signature)

    assert (slower.status_code, page_code(slower)) == (403, "challenge_missing")
    assert (again.status_code, page_code(again)) == (401, "signature_invalid")


def test_challenge_that_is_asked_for_while_another_tab_signs_in(client, wallet, meanwhile):
    challenge, message = obtain_challenge(client, wallet)
    faster = tab_of(client)
    meanwhile(stash, "keep", lambda: answer(faster, challenge, wallet.sign(message)))

    response = request_challenge(client, wallet)

    assert (response.status_code, json_code(response)) == (403, "challenge_missing")
    assert leaves_the_cookie(response)
    assert user_of(faster) is not None


def test_refusal_while_another_tab_signs_out(client, wallet, other_wallet, meanwhile):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, other_wallet, process="connect")
    meanwhile(flows, "verify_proof", tab_of(client).session.flush)

    response = answer(client, challenge, wallet.sign(message), process="connect")

    assert response.status_code in (401, 403)
    assert leaves_the_cookie(response)
    assert user_of(client) is None


def test_device_request_while_another_tab_signs_in(client, wallet, meanwhile, provider):
    provider["CROSS_DEVICE"] = True
    computer = Computer(client)
    challenge, message = obtain_challenge(client, wallet)
    faster = tab_of(client)
    meanwhile(stash, "save_now", lambda: answer(faster, challenge, wallet.sign(message)))

    response = computer.request(process="login")

    assert (response.status_code, json_code(response)) == (403, "challenge_missing")
    assert leaves_the_cookie(response)


def test_slower_of_two_completions_is_refused(client, wallet, meanwhile, provider):
    provider["CROSS_DEVICE"] = True
    computer = approve(Computer(client).ask(), wallet)
    faster = Computer(tab_of(client), computer.told)
    meanwhile(states, "take", faster.complete)

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert leaves_the_cookie(response)
    assert user_of(faster.client) is not None


def test_session_of_a_headless_client_that_was_ended_meanwhile(wallet, other_wallet, meanwhile):
    app = App("app")
    app.sign_in(wallet)
    asked = app.ask(other_wallet, process="connect")["data"]
    session = import_module(site.SESSION_ENGINE).SessionStore(app.token)
    meanwhile(flows, "claim", session.flush)

    told = app.answer(asked["challenge"], other_wallet.prove(asked["message"]), "connect")

    assert codes(told) == ["challenge_missing"]


# --- What is undone --------------------------------------------------------------------------


@pytest.fixture
def refusing_site():
    """A site that refuses people once they are signed in."""

    def refuse(**_):
        raise PermissionDenied

    user_logged_in.connect(refuse)
    yield
    user_logged_in.disconnect(refuse)


def test_sign_in_that_the_site_refuses_signs_nobody_in(client, wallet, refusing_site):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, wallet.sign(message))

    assert response.status_code == 403
    assert user_of(client) is None
    assert challenge not in client.session.get(stash.SESSION_KEY, {})


def test_completion_that_the_site_refuses_signs_nobody_in(client, wallet, provider, refusing_site):
    provider["CROSS_DEVICE"] = True
    computer = approve(Computer(client).ask(), wallet)

    response = computer.complete()

    assert response.status_code == 403
    assert user_of(client) is None
    assert page_code(computer.complete()) == "challenge_missing"


def test_session_of_whoever_was_there_ends_though_another_browser_was_first(
    client, wallet, other_wallet, monkeypatch
):
    """The other one has just written the account of the new wallet."""
    sign_in(client, wallet)
    left = tab_of(client)
    save = SocialAccount.save

    def late(self, *args, **options):
        monkeypatch.setattr(SocialAccount, "save", save)
        sign_in(Client(), other_wallet)
        return save(self, *args, **options)

    monkeypatch.setattr(SocialAccount, "save", late)

    sign_in(client, other_wallet)

    assert user_of(client) == SocialAccount.objects.get(uid=other_wallet.address).user_id
    assert user_of(left) is None


# --- What is told again ----------------------------------------------------------------------


class DeadCache(LocMemCache):
    def add(self, *_, **__):
        raise ConnectionError("cache.internal.example")


def test_cache_that_is_down_is_told_again(client, wallet, settings, provider):
    provider["RATE_LIMITS"] = False
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.DeadCache"}}

    first = answer(client, challenge, signature)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    again = answer(client, challenge, signature)

    assert (first.status_code, page_code(first)) == (503, "misconfigured")
    assert (again.status_code, page_code(again)) == (503, "misconfigured")
    assert user_of(client) is None
