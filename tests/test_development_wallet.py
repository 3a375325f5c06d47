"""The development wallet: whom it is offered to, what it signs, and everything that it refuses."""

import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import include, path, reverse

from allauth_moralis.development import keys, reach
from allauth_moralis.internal import stash
from allauth_moralis.siwx.signatures import check_evm
from allauth_moralis.testing import EvmWallet, SolanaWallet, answer, obtain_challenge

from .ceremony import page_code, user_of

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

ROOT = Path(__file__).parent.parent
LOGIN = "/accounts/moralis/login/"
WALLETS = "/accounts/moralis/development/accounts/"
SIGN = "/accounts/moralis/development/sign/"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.urls_development"),
    pytest.mark.usefixtures("state"),
]


@pytest.fixture
def local(on_this_machine) -> Client:
    """A browser on the machine that the site runs on."""
    return Client(SERVER_NAME="localhost", SERVER_PORT="8000")


@pytest.fixture
def ada(on_this_machine) -> keys.Account:
    return keys.accounts()[0]


def post(client: Client, url: str, data: object, **extra: Any) -> "Response":
    body = data if isinstance(data, str | bytes) else json.dumps(data)
    return client.post(url, body, content_type="application/json", **extra)


def described(wallet: keys.Account) -> dict[str, str]:
    return {"network": "evm", "address": wallet.address}


def challenge_for(client: Client, wallet: keys.Account, **fields: str) -> tuple[str, str]:
    response = post(client, reverse("moralis_challenge"), {**described(wallet), **fields})
    data = response.json()
    return data["challenge"], data["message"]


def ask_to_sign(client: Client, wallet: keys.Account, message: str, **extra: Any) -> "Response":
    return post(client, SIGN, {"address": wallet.address, "message": message}, **extra)


def refused(response: "Response", status: int, code: str) -> bool:
    assert "signature" not in response.json()
    return (response.status_code, response.json()["error"]["code"]) == (status, code)


# --- What it is for ---------------------------------------------------------------------------


def test_it_signs_in_as_several_people(local):
    people = post(local, WALLETS, {}).json()["accounts"]
    assert [each["name"] for each in people] == ["Ada", "Alan", "Barbara", "Edsger", "Grace"]
    users = set()
    for wallet in keys.accounts()[:2]:
        handle, message = challenge_for(local, wallet)

        signature = ask_to_sign(local, wallet, message).json()["signature"]
        response = answer(local, handle, signature)

        assert response["Location"] == "/accounts/profile/"
        users.add(user_of(local))
        local.logout()
    assert len(users) == 2
    assert {row.uid for row in SocialAccount.objects.all()} == {
        each["address"] for each in people[:2]
    }


def test_it_links_and_confirms(local, ada):
    handle, message = challenge_for(local, ada)
    answer(local, handle, ask_to_sign(local, ada, message).json()["signature"])
    alan = keys.accounts()[1]

    for process, wallet in (("connect", alan), ("reauthenticate", ada)):
        handle, message = challenge_for(local, wallet, process=process)
        signature = ask_to_sign(local, wallet, message).json()["signature"]
        assert answer(local, handle, signature).status_code == 302

    assert get_user_model().objects.count() == 1
    assert SocialAccount.objects.count() == 2


def test_it_works_where_moralis_judges(local, ada, moralis):
    handle, message = challenge_for(local, ada)
    answer(local, handle, ask_to_sign(local, ada, message).json()["signature"])

    assert SocialAccount.objects.get().extra_data["verified_by"] == "moralis"


def test_signing_does_not_use_the_challenge_up(local, ada):
    handle, message = challenge_for(local, ada)

    first, second = (ask_to_sign(local, ada, message).json() for _ in range(2))

    assert first == second
    assert answer(local, handle, first["signature"]).status_code == 302


def test_a_challenge_that_expired_is_told_so(local, ada, monkeypatch):
    handle, message = challenge_for(local, ada)
    monkeypatch.setattr(stash.Pending, "expired", True)

    response = answer(local, handle, ask_to_sign(local, ada, message).json()["signature"])

    assert page_code(response) == "challenge_expired"


# --- To whom it is offered ---------------------------------------------------------------------


def offered(client: Client, **extra: Any) -> bool:
    response = client.get(LOGIN, **extra)
    assert response.status_code == 200
    html = response.content.decode()
    assert ("moralis-devwallet" in html) == ("moralis/devwallet.js" in html)
    return "moralis-devwallet" in html


def reached(client: Client, **extra: str) -> bool:
    statuses = {post(client, url, {}, **extra).status_code for url in (WALLETS, SIGN)}
    assert statuses in ({404}, {200, 403})
    return statuses != {404}


@pytest.mark.parametrize(
    "place",
    [
        {"HTTP_HOST": "localhost"},
        {"HTTP_HOST": "localhost:8000"},
        {"HTTP_HOST": "127.0.0.1:8000"},
        {"HTTP_HOST": "shop.localhost:8000"},
        {"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"},
        {"HTTP_HOST": "localhost", "REMOTE_ADDR": "::ffff:127.0.0.1"},
    ],
    ids=str,
)
def test_it_is_offered_on_this_machine(client, on_this_machine, place):
    assert offered(client, **place)
    assert reached(client, **place)


ELSEWHERE = {
    "a name of the internet": {"HTTP_HOST": "example.com"},
    "an address of the local network": {"HTTP_HOST": "192.168.1.5:8000"},
    "every address": {"HTTP_HOST": "0.0.0.0:8000"},
    "a name that looks local": {"HTTP_HOST": "localhost.example.com"},
    "a name that ends like a local one": {"HTTP_HOST": "notlocalhost"},
    "a visitor of the internet": {"REMOTE_ADDR": "203.0.113.7"},
    "a visitor of the local network": {"REMOTE_ADDR": "192.168.1.7"},
    "a visitor of IPv6 that is not this machine": {"REMOTE_ADDR": "::ffff:192.168.1.7"},
    "a socket that tells no address": {"REMOTE_ADDR": ""},
    "a proxy": {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
    "a proxy that was told a local address": {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    "a proxy that names the host": {"HTTP_X_FORWARDED_HOST": "example.com"},
    "a proxy of the standard": {"HTTP_FORWARDED": "for=203.0.113.7"},
    "a proxy that says that it is one": {"HTTP_VIA": "1.1 proxy"},
    "a proxy by another header": {"HTTP_X_REAL_IP": "203.0.113.7"},
    "a tunnel": {"HTTP_CF_CONNECTING_IP": "203.0.113.7"},
    "a proxy that says nothing": {"SERVER_PROTOCOL": "HTTP/1.0"},
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
def test_elsewhere_there_is_no_such_wallet(client, settings, on_this_machine, place, state):
    settings.ALLOWED_HOSTS = ["*"]
    place = {"HTTP_HOST": "localhost:8000", **place}

    assert not offered(client, **place)
    assert not reached(client, **place)
    assert not state.exists()


def test_a_forwarded_host_makes_nobody_local(client, settings, on_this_machine):
    settings.ALLOWED_HOSTS, settings.USE_X_FORWARDED_HOST = ["*"], True
    place = {"HTTP_HOST": "example.com", "HTTP_X_FORWARDED_HOST": "localhost:8000"}

    assert not offered(client, **place)
    assert not reached(client, **place)


def test_without_debug_there_is_no_such_wallet(client, settings, on_this_machine, state):
    """Even where its URLs are there: the views look for themselves."""
    settings.DEBUG = False

    assert not offered(client, HTTP_HOST="localhost")
    assert not reached(client, HTTP_HOST="localhost")
    assert not state.exists()


def test_a_host_that_is_not_allowed_is_no_place():
    assert not reach.is_within_reach(RequestFactory().get("/", HTTP_HOST="a b"))


def test_a_host_that_is_not_allowed_is_no_place_with_debug_either(on_this_machine):
    assert not reach.is_within_reach(RequestFactory().get("/", HTTP_HOST="evil.example"))


def test_it_goes_where_evm_is_not_accepted(local, provider):
    provider["NETWORKS"] = ["solana"]

    assert not offered(local)
    assert not reached(local)


@pytest.mark.parametrize(
    ("domain", "there"), [("example.com", False), ("localhost:9000", True), ("127.0.0.1", True)]
)
def test_it_goes_where_texts_name_another_domain(local, provider, domain, there):
    provider["DOMAIN"] = domain

    assert offered(local) is there
    assert reached(local) is there


@pytest.mark.urls("config.urls")
def test_a_page_whose_urls_were_read_without_debug_offers_none(local):
    assert not offered(local)


def test_a_page_without_a_request_offers_none(on_this_machine):
    template = Template("{% load moralis %}{% moralis_development_wallet %}")

    assert template.render(Context({})).strip() == ""


@pytest.mark.parametrize(
    ("chains", "chain"), [(None, "0x1"), ([1, 137], "0x1"), ((137, 8453), "0x89"), ({10}, "0xa")]
)
def test_it_is_on_a_chain_that_is_accepted(local, provider, chains, chain):
    provider["CHAINS"] = chains

    assert f'data-chain-id="{chain}"' in local.get(LOGIN).content.decode()


def test_the_page_that_offers_it_writes_nothing(local, state, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert offered(local)

    assert not local.cookies.get("sessionid")
    assert not state.exists()


def test_the_accounts_are_told_without_a_session(local, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert post(local, WALLETS, {}).status_code == 200

    assert not local.cookies.get("sessionid")
    assert not Session.objects.exists()


@pytest.mark.parametrize(("debug", "there"), [("1", True), ("0", False)])
def test_its_urls_are_there_with_debug_alone(debug, there):
    code = (
        "from django.urls import NoReverseMatch, reverse\n"
        "try: print(reverse('moralis_development_sign'))\n"
        "except NoReverseMatch: print('none')"
    )
    printed = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DEBUG": debug,
            "SECRET_KEY": "x",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert printed.strip() == (SIGN if there else "none")


# --- What it does not sign ---------------------------------------------------------------------


def test_a_challenge_of_another_session_is_not_signed(local, ada):
    other = Client(SERVER_NAME="localhost", SERVER_PORT="8000")
    _, message = challenge_for(other, ada)
    challenge_for(local, ada)

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")


def test_without_a_challenge_nothing_is_signed(local, ada):
    assert refused(ask_to_sign(local, ada, "Sign this"), 403, "challenge_missing")
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "Transfer everything",
        lambda text: "",
        lambda text: text + "\n",
        lambda text: text.upper(),
        lambda text: text.replace("Sign in", "Sign out"),
        lambda text: {"text": text},
        lambda text: [text],
        lambda text: None,
        lambda text: 1,
    ],
)
def test_a_text_that_is_not_pending_is_not_signed(local, ada, change):
    _, message = challenge_for(local, ada)

    assert refused(ask_to_sign(local, ada, change(message)), 403, "challenge_missing")


def test_a_challenge_that_was_used_is_not_signed(local, ada):
    handle, message = challenge_for(local, ada)
    answer(local, handle, "0x00")

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")


def test_a_challenge_for_a_wallet_of_somebody_elses_is_not_signed(local, ada, wallet):
    _, message = obtain_challenge(local, wallet)

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")
    body = {"address": wallet.address, "message": message}
    assert refused(post(local, SIGN, body), 403, "challenge_missing")


def test_a_challenge_for_another_of_its_accounts_is_not_signed(local, ada):
    _, message = challenge_for(local, keys.accounts()[1])

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")


def test_a_challenge_of_another_network_is_not_signed(local, ada):
    _, message = obtain_challenge(local, SolanaWallet())

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")


def test_a_challenge_that_names_another_site_is_not_signed(local, ada, provider):
    """The site changed its ``DOMAIN`` since, or the session is another's."""
    provider["DOMAIN"] = "example.com"
    _, message = challenge_for(local, ada)
    provider["DOMAIN"] = None
    assert message.startswith("example.com wants you")

    assert refused(ask_to_sign(local, ada, message), 403, "challenge_missing")


def test_nothing_is_signed_without_debug_whoever_calls(local, ada, settings, rf):
    challenge_for(local, ada)
    request = rf.get("/")
    request.session = local.session
    [pending] = stash.waiting(request)
    settings.DEBUG = False

    with pytest.raises(ImproperlyConfigured):
        ada.sign(pending.challenge)


@pytest.mark.parametrize("url", [WALLETS, SIGN])
def test_a_get_is_refused(local, url):
    assert local.get(url).status_code == 405


@pytest.mark.parametrize("url", [WALLETS, SIGN])
def test_a_post_without_its_csrf_token_is_refused(on_this_machine, url, state):
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")

    assert post(client, url, {}).status_code == 403
    assert not state.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", b"\0", b"[" * 9000, json.dumps({"message": "x" * 20_000}),
     b"x" * 1_000_000],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(local, body):
    assert refused(post(local, SIGN, body), 400, "invalid_request")


def test_a_form_is_refused(local, ada):
    _, message = challenge_for(local, ada)
    body = {"address": ada.address, "message": message}

    assert refused(local.post(SIGN, body), 400, "invalid_request")


# --- Its keys ----------------------------------------------------------------------------------


def test_the_secret_is_kept_where_nobody_else_reads_it(on_this_machine, state):
    keys.accounts()

    [path] = [each for each in state.rglob("*") if each.is_file()]
    assert path == keys.secret_path() == state / "allauth_moralis" / "development-wallet.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_bytes()) == 32


def test_the_accounts_are_the_same_after_a_restart():
    assert [each.address for each in keys.accounts()] == [each.address for each in keys.accounts()]


def test_the_accounts_differ_from_each_other():
    assert len({each.address for each in keys.accounts()}) == 5


def test_another_machine_has_other_accounts(monkeypatch, tmp_path):
    here = {each.address for each in keys.accounts()}
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))

    assert not here & {each.address for each in keys.accounts()}


def test_another_copy_has_other_accounts(settings):
    here = {each.address for each in keys.accounts()}
    settings.ROOT_URLCONF = "config.urls"

    assert not here & {each.address for each in keys.accounts()}


def test_the_keys_do_not_come_of_the_sites_secret_key(settings):
    here = [each.address for each in keys.accounts()]
    settings.SECRET_KEY = "another"

    assert here == [each.address for each in keys.accounts()]


def test_many_who_come_first_find_one_secret():
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: keys.accounts()[0].address, range(16)))

    assert len(set(found)) == 1
    assert [each.name for each in keys.secret_path().parent.iterdir()] == ["development-wallet.key"]


def test_one_that_came_in_between_wins(monkeypatch):
    path = keys.secret_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"k" * 32)

    keys._make_secret(path)

    assert path.read_bytes() == b"k" * 32


def test_a_secret_that_is_none_is_not_overwritten(state):
    keys.accounts()
    keys.secret_path().write_bytes(b"short")

    with pytest.raises(ImproperlyConfigured, match=r"development-wallet\.key"):
        keys.accounts()
    assert keys.secret_path().read_bytes() == b"short"


@pytest.mark.parametrize("relative", ["", "state", "./state"])
def test_a_relative_state_folder_is_ignored(monkeypatch, tmp_path, relative):
    monkeypatch.setenv("XDG_STATE_HOME", relative)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)

    assert keys.secret_path().is_relative_to(tmp_path / ".local" / "state")


def test_no_key_is_seen_in_what_python_prints(ada):
    assert "key" not in repr(ada)
    assert ada.key.secret.hex() not in repr(ada)


def test_it_signs_as_wallets_do(local, ada):
    _, message = challenge_for(local, ada)
    signature = ask_to_sign(local, ada, message).json()["signature"]

    assert re.fullmatch("0x[0-9a-f]{128}(1b|1c)", signature)
    assert signature == EvmWallet(ada.key).sign(message)
    check_evm(message, signature, ada.address)


# --- Checks ------------------------------------------------------------------------------------


def found(*, include_deployment_checks: bool = False) -> list[str]:
    told = run_checks(include_deployment_checks=include_deployment_checks)
    return [str(each.id) for each in told if str(each.id).startswith("allauth_moralis.E03")]


def test_a_deployment_with_debug_is_an_error(on_this_machine):
    assert found(include_deployment_checks=True) == ["allauth_moralis.E030"]


@pytest.mark.parametrize("networks", [["solana"], None])
def test_a_deployment_that_accepts_no_evm_wallet_has_none(on_this_machine, provider, networks):
    provider["NETWORKS"] = networks

    assert found(include_deployment_checks=True) == []


@pytest.mark.urls("config.urls")
def test_a_deployment_without_debug_is_none(settings):
    assert found(include_deployment_checks=True) == []


def test_a_developers_machine_is_no_error(on_this_machine):
    assert found() == []


def test_its_urls_without_debug_are_an_error(settings):
    [error] = [each for each in run_checks() if each.id == "allauth_moralis.E031"]

    assert error.hint
    settings.ROOT_URLCONF = None
    assert found() == []


def test_what_debug_brought_before_a_test_runner_turned_it_off_is_no_error(monkeypatch):
    brought = [path("development/", include("allauth_moralis.development.urls"))]
    monkeypatch.setattr("allauth_moralis.urls.urlpatterns", brought)

    assert found() == []
