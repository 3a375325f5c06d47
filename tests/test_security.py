"""Lines of docs/security.md that go across subjects, on pages and by headless clients."""

import json
import random

import hypothesis
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from allauth_moralis.emulator import Emulator
from allauth_moralis.internal.stash import SESSION_KEY
from allauth_moralis.siwx.encodings import base58_encode
from allauth_moralis.siwx.text import ALPHANUMERIC, NONCE_LENGTH, new_nonce
from allauth_moralis.testing import (
    EvmWallet,
    HeadlessClient,
    SolanaWallet,
    answer,
    obtain_challenge,
    refusal_code,
    request_challenge,
    sign_in,
)

from .ceremony import json_code, page_code, user_of
from .networks.test_signatures import SMALL_ORDER

pytestmark = pytest.mark.django_db

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TAKEN, FREE = "ada@example.com", "free@example.com"


def twin(signature: str) -> str:
    """Return the other signature of the same key over the same text: with the other s."""
    s = ORDER - int(signature[66:130], 16)
    return f"{signature[:66]}{s:064x}{55 - int(signature[-2:], 16):02x}"


@pytest.fixture(params=["pages", "browser", "app"])
def visitor(request: pytest.FixtureRequest) -> Client | HeadlessClient:
    client = Client()
    return client if request.param == "pages" else HeadlessClient(client, request.param)


def nobody_got_in() -> bool:
    return not SocialAccount.objects.exists() and not get_user_model().objects.exists()


# --- Who signed what ---------------------------------------------------------------------------


def test_address_claimed_in_the_answer_makes_no_wallet_of_it(visitor, wallet, other_wallet):
    challenge, message = obtain_challenge(visitor, wallet)

    answer(visitor, challenge, wallet.sign(message), address=other_wallet.address)

    assert SocialAccount.objects.get().uid == wallet.address


def test_address_of_the_signer_in_the_answer_does_not_help(visitor, wallet, other_wallet):
    challenge, message = obtain_challenge(visitor, other_wallet)

    response = answer(
        visitor, challenge, wallet.sign(message), address=wallet.address, message=message
    )

    assert refusal_code(response) == "signature_invalid"
    assert nobody_got_in()


@pytest.mark.parametrize("atomic", [False, True], ids=["", "ATOMIC_REQUESTS"])
@pytest.mark.parametrize("fault", ["server_error", "missing_keys", "wrong_key"])
def test_failure_of_the_service_uses_the_challenge_up(
    visitor, wallet, moralis: Emulator, monkeypatch, fault, atomic
):
    """Not by the claim in the cache alone: the session gave it up for good, too."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic)
    challenge, message = obtain_challenge(visitor, wallet)
    signature = wallet.sign(message)
    with moralis.fault(fault):
        failed = answer(visitor, challenge, signature)
    assert refusal_code(failed).startswith(("upstream_", "misconfigured"))
    asked = len(moralis.requests)
    cache.clear()

    response = answer(visitor, challenge, twin(signature))

    assert refusal_code(response) == "challenge_missing"
    assert len(moralis.requests) == asked
    assert nobody_got_in()


def test_answer_by_get_does_nothing(client, wallet):
    challenge, message = obtain_challenge(client, wallet)
    fields = {"challenge": challenge, "signature": wallet.sign(message)}

    response = client.get(reverse("moralis_verify"), fields)

    assert response["Location"] == reverse("moralis_login")
    assert nobody_got_in()
    assert challenge in client.session[SESSION_KEY]


def test_request_without_a_csrf_token_is_refused_with_a_code(wallet):
    client = Client(enforce_csrf_checks=True)

    asked = request_challenge(client, wallet)
    answered = answer(client, "challenge", "0x00")
    application = request_challenge(HeadlessClient(client, "browser"), wallet)

    assert (asked.status_code, json_code(asked)) == (403, "csrf_failed")
    assert (answered.status_code, page_code(answered)) == (403, "csrf_failed")
    assert (application.status_code, refusal_code(application)) == (403, "csrf_failed")
    assert SESSION_KEY not in client.session


def test_answer_without_a_csrf_token_does_not_use_the_challenge_up(client, wallet):
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    client.handler.enforce_csrf_checks = True

    assert page_code(answer(client, challenge, signature)) == "csrf_failed"

    assert nobody_got_in()
    client.handler.enforce_csrf_checks = False
    assert answer(client, challenge, signature).status_code == 302


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_challenge_to_sign_in_neither_links_nor_confirms(client, wallet, other_wallet, process):
    """Whatever the form that brings the answer says that it is for."""
    sign_in(client, wallet)
    user = user_of(client)
    challenge, message = obtain_challenge(client, other_wallet)

    answer(client, challenge, other_wallet.sign(message), process=process)

    assert SocialAccount.objects.get(uid=other_wallet.address).user_id not in (None, user)


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_challenge_to_link_or_confirm_signs_nobody_in(client, wallet, process):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, wallet, process=process)
    session = client.session
    for name in ("_auth_user_id", "_auth_user_backend", "_auth_user_hash"):
        del session[name]
    session.save()

    answer(client, challenge, wallet.sign(message), process="login")

    assert user_of(client) is None


# --- What is sent instead of an answer -----------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; charset=utf-7",
]
fuzzed = hypothesis.settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def _unlimited(provider) -> None:
    provider["RATE_LIMITS"] = False


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.parametrize("url", ["moralis_challenge", "moralis_verify"])
@fuzzed
@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda end: b"--x\r\n" + end),
       st.sampled_from(TYPES))  # fmt: skip
def test_any_bytes_are_refused_and_fail_nowhere(url, body, content_type):
    response = Client().generic("POST", reverse(url), body, content_type=content_type)

    assert response.status_code in (400, 403)
    assert refusal_code(response)


@pytest.mark.usefixtures("_unlimited")
@fuzzed
@given(st.sampled_from(["network", "address", "chain_id", "process", "next", "state"]), ANY_JSON)
def test_any_value_in_a_request_is_taken_or_refused(field, value):
    body = json.dumps({**EvmWallet().described, field: value})
    response = Client().post(reverse("moralis_challenge"), body, content_type="application/json")

    assert response.status_code in (200, 400)


@pytest.mark.usefixtures("_unlimited")
@fuzzed
@given(
    st.text(max_size=400) | st.binary(min_size=60, max_size=70).map(lambda raw: "0x" + raw.hex())
)
def test_any_signature_is_refused(signature):
    client, wallet = Client(), EvmWallet()
    challenge, _ = obtain_challenge(client, wallet)

    response = answer(client, challenge, signature)

    assert response.status_code in (400, 401)
    assert nobody_got_in()


# --- Whose account -------------------------------------------------------------------------------


@pytest.fixture
def ada(django_user_model, settings):
    """Somebody with a confirmed address, on a site that asks wallets for one."""
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = django_user_model.objects.create_user("ada", TAKEN, "x")
    EmailAddress.objects.create(user=user, email=TAKEN, verified=True, primary=True)
    return user


def give(visitor: Client | HeadlessClient, email: str):
    """Give an address in the form that a wallet's sign-up stops at."""
    sign_in(visitor, EvmWallet())
    if isinstance(visitor, HeadlessClient):
        return visitor.post("auth/provider/signup", {"email": email})
    return visitor.post(reverse("socialaccount_signup"), {"email": email})


def as_told(response) -> tuple:
    """What a stranger sees, without what differs from one visitor to the next."""
    if not response.content:
        return response.status_code, response["Location"]
    body = response.json()
    body.get("meta", {}).pop("session_token", None)
    return response.status_code, body


def test_taken_address_is_answered_like_a_free_one(visitor, ada, mailoutbox):
    kind = getattr(visitor, "kind", None)
    other = Client() if kind is None else HeadlessClient(Client(), kind)

    taken, free = give(visitor, TAKEN), give(other, FREE)

    assert as_told(taken) == as_told(free)
    assert not SocialAccount.objects.filter(user=ada).exists()
    assert not EmailAddress.objects.filter(verified=True).exclude(user=ada).exists()
    assert {address for mail in mailoutbox for address in mail.to} == {TAKEN, FREE}


def test_typed_address_never_matches_an_account(visitor, ada, settings):
    """Where a site trusts the addresses of its providers, a wallet is still no witness of one."""
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

    give(visitor, TAKEN)

    assert not SocialAccount.objects.filter(user=ada).exists()
    if isinstance(visitor, Client):
        assert user_of(visitor) is None
    else:
        assert visitor.get("auth/session").json()["meta"]["is_authenticated"] is False


def test_inactive_account_is_not_signed_in(visitor, wallet):
    sign_in(Client(), wallet)
    get_user_model().objects.update(is_active=False)

    sign_in(visitor, wallet)

    if isinstance(visitor, Client):
        assert user_of(visitor) is None
    else:
        assert visitor.get("auth/session").status_code == 401


# --- Signatures and randomness -------------------------------------------------------------------


@pytest.mark.parametrize("r", SMALL_ORDER, ids=bytes.hex)
@pytest.mark.parametrize("key", SMALL_ORDER, ids=bytes.hex)
def test_key_for_which_anybody_can_sign_opens_nothing(visitor, provider, key, r):
    provider["RATE_LIMITS"] = False
    nobodys = SolanaWallet()
    asked = request_challenge(visitor, nobodys, address=base58_encode(key))
    if asked.status_code != 200:
        assert refusal_code(asked) == "invalid_address"
        return
    data = asked.json()
    challenge = data.get("data", data)["challenge"]

    response = answer(visitor, challenge, base58_encode(r + bytes(32)))

    assert refusal_code(response) == "signature_invalid"
    assert nobody_got_in()


def test_nonces_come_from_where_nobody_can_foresee_them():
    state = random.getstate()
    seen = set()
    for _ in range(20):
        random.seed(1)
        seen.add(new_nonce())
    random.setstate(state)

    assert len(seen) == 20
    assert len(ALPHANUMERIC) ** NONCE_LENGTH >= 2**96
    assert set("".join(seen)) <= set(ALPHANUMERIC)


# --- Where it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("process", ["login", "connect", "reauthenticate"])
@pytest.mark.parametrize(
    "next_url",
    ["//evil.example", "https:evil.example", "javascript:alert(1)", "/\\evil.example",
     "\\\\evil.example", "http://[::1"],
)  # fmt: skip
def test_next_of_another_site_is_ignored_for_every_process(client, wallet, process, next_url):
    sign_in(client, wallet)

    response = sign_in(client, wallet, process=process, next=next_url)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/")
