"""``POST moralis/verify/``: every refusal, and that none of them gives the challenge back."""

import json
import logging
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from allauth_moralis.emulator import Emulator
from allauth_moralis.internal.sociallogin import empty_email
from allauth_moralis.siwx.signatures import keccak256

from .ceremony import answer, issued, page_code, sign_in, user_of

pytestmark = pytest.mark.django_db

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GARBAGE = {
    "not hex": lambda s: "0x" + "zz" * 65,
    "short": lambda s: s[:-2],
    "long": lambda s: s + "00",
    "empty hex": lambda s: "0x",
    "space": lambda s: " " + s,
    "newline": lambda s: s + "\n",
    "NUL": lambda s: s[:-1] + "\x00",
    "other digits": lambda s: "0x" + "１" * 130,
    "v of 2": lambda s: s[:-2] + "02",
    "v of 29": lambda s: s[:-2] + "1d",
    "v of 255": lambda s: s[:-2] + "ff",
    "r of zero": lambda s: "0x" + "00" * 32 + s[66:],
    "s of zero": lambda s: s[:66] + "00" * 32 + s[130:],
    "r and s of zero": lambda s: "0x" + "00" * 64 + s[130:],
    "s of the order": lambda s: s[:66] + f"{ORDER:064x}" + s[130:],
    "all ff": lambda s: "0x" + "ff" * 65,
    "JSON": lambda s: '{"r": 1}',
    "markup": lambda s: "<script>alert(1)</script>",
}


@pytest.mark.parametrize("garble", GARBAGE.values(), ids=GARBAGE)
def test_signatures_that_are_none(client, account, backend, garble):
    challenge, message = issued(client, account)

    response = answer(client, challenge, garble(account.sign(message)))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    text = response.content.decode()
    assert "Error" not in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("v", [0, 1, 27, 28])
def test_recovery_ids_of_every_wallet(client, account, v):
    challenge, message = issued(client, account)
    signature = account.sign(message)
    if int(signature[-2:], 16) % 27 != v % 27:
        # The twin of the signature, with the other s, has the other recovery id.
        s = ORDER - int(signature[66:130], 16)
        signature = signature[:66] + f"{s:064x}" + signature[130:]

    response = answer(client, challenge, signature[:-2] + f"{v:02x}")

    assert response.status_code == 302


def test_the_twin_of_a_used_signature(client, account):
    challenge, message = issued(client, account)
    signature = account.sign(message)
    answer(client, challenge, signature)
    client.logout()
    s = ORDER - int(signature[66:130], 16)
    twin = f"{signature[:66]}{s:064x}{55 - int(signature[-2:], 16):02x}"

    assert page_code(answer(client, challenge, twin)) == "challenge_missing"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"challenge": "x"},
        {"signature": "0x00"},
        {"challenge": "", "signature": ""},
        {"challenge": "x" * 5000, "signature": "0x00"},
        {"challenge": "x", "signature": "0" * 5000},
    ],
)
def test_fields_that_are_missing_or_too_long(client, data):
    response = client.post(reverse("moralis_verify"), data)

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("handle", ["x", "\x00", "💥", "../..", "__proto__", "challenge"])
def test_a_handle_that_was_never_given(client, handle):
    response = answer(client, handle, "0x00")

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")


@pytest.mark.parametrize("size", [20_000, 1_000_000, 10_000_000])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_form_that_is_too_large(client, size, content_type):
    response = client.generic(
        "POST", reverse("moralis_verify"), "a" * size, content_type=content_type
    )

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


def test_a_body_that_is_no_form(client):
    response = client.post(reverse("moralis_verify"), "{}", content_type="application/json")

    assert page_code(response) == "invalid_request"


def test_a_form_in_parts_is_a_form(client, account):
    """As the test client posts by default; a page's own form is URL-encoded."""
    challenge, message = issued(client, account)
    response = client.post(
        reverse("moralis_verify"),
        f"challenge={challenge}&signature={account.sign(message)}",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 302


def test_the_way_to_try_again_keeps_purpose_and_next(client, account, other_account):
    sign_in(client, account)
    challenge, _ = issued(client, other_account, process="connect", next="/there/")

    page = answer(client, challenge, "0x00").content.decode()

    assert '"process": "connect"' in page
    assert '"next": "/there/"' in page
    assert "Link a wallet" in page


@pytest.mark.parametrize("next_url", ["http://[::1", "//evil.example", "/elsewhere/"])
def test_a_next_in_the_answer_itself_counts_for_nothing(client, account, next_url):
    challenge, message = issued(client, account)

    response = client.post(
        reverse("moralis_verify") + "?next=" + next_url,
        {"challenge": challenge, "signature": account.sign(message), "next": next_url},
    )

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")


def test_starting_again_in_the_redirect_flow_keeps_its_end(client, account, other_account):
    """Else a front end would not be told that the wallet belongs to somebody else."""
    sign_in(Client(), other_account)
    sign_in(client, account)
    started = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "callback_url": "/app/callback", "process": "connect"},
    )
    state = started["Location"].partition("state=")[2]
    challenge, _ = issued(client, other_account, state=state)

    page = answer(client, challenge, "0x00").content.decode()
    asked = json.loads(re.search(r'id="moralis-page"[^>]*>(.*?)</script>', page)[1])["asked"]
    response = sign_in(client, other_account, **asked)

    assert asked == {"state": state}
    assert response["Location"].startswith("/app/callback?error=connected_other")


def test_starting_again_without_a_challenge_keeps_what_the_page_was_for(client, account):
    """Else a person who links a wallet would find themselves in a new account."""
    sign_in(client, account)

    page = answer(client, "x", "0x00", process="connect", next="/there/").content.decode()

    assert '"asked": {"process": "connect", "next": "/there/"}' in page
    assert "Link a wallet" in page


@pytest.mark.parametrize(
    ("process", "next_url"), [("nonsense", "//evil.example"), ("", "javascript:alert(1)")]
)
def test_what_the_page_was_for_is_not_believed(client, process, next_url):
    page = answer(client, "x", "0x00", process=process, next=next_url).content.decode()

    assert '"asked": {"process": "login", "next": ""}' in page


@pytest.mark.parametrize(
    "spoil", [{"signature": ""}, {"signature": "0" * 5000}], ids=["missing", "too long"]
)
def test_with_the_session_put_back_any_attempt_counts(client, account, spoil):
    """As where it lives in a cookie: the claim is what remembers."""
    challenge, message = issued(client, account)
    before = client.session["allauth_moralis"]
    answer(client, challenge, **spoil)
    session = client.session
    session["allauth_moralis"] = before
    session.save()

    assert page_code(answer(client, challenge, account.sign(message))) == "challenge_missing"


def test_too_many_answers(client, account, provider):
    provider["RATE_LIMITS"] = {"verify": "1/m/ip"}
    challenge, message = issued(client, account)
    answer(client, "x", "0x00")

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (429, "rate_limited")
    assert response["Retry-After"] == "60"
    assert user_of(client) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "upstream_unavailable"), (502, "upstream_rejected"), (503, "misconfigured")],
)
def test_an_upstream_failure_uses_the_challenge_up(client, account, moralis, status, code):
    challenge, message = issued(client, account)
    signature = account.sign(message)
    handle = moralis.service.handle
    bodies = {
        "upstream_unavailable": (500, {}),
        "upstream_rejected": (201, {}),
        "misconfigured": (401, {"message": "Unauthorized"}),
    }
    type(moralis.service).handle = lambda *_: bodies[code]
    try:
        response = answer(client, challenge, signature)
    finally:
        type(moralis.service).handle = handle.__func__

    assert (response.status_code, page_code(response)) == (status, code)
    assert page_code(answer(client, challenge, signature)) == code  # and the service is not asked
    assert user_of(client) is None


def test_a_wrong_key_is_an_error_in_the_log_and_never_the_key(client, account, moralis, caplog):
    challenge, message = issued(client, account)
    moralis.service.api_key = "another"

    response = answer(client, challenge, account.sign(message))

    assert page_code(response) == "misconfigured"
    records = [r for r in caplog.records if r.name == "allauth_moralis"]
    assert [r.levelno for r in records] == [logging.INFO, logging.ERROR]
    assert "misconfigured" in records[1].getMessage()
    assert "key-that-must" not in caplog.text + response.content.decode()


def test_a_service_that_allows_a_second_use(client, account, moralis, provider):
    """We do not."""
    moralis.service.behaviour = type(moralis.service.behaviour)(single_use=False)
    challenge, message = issued(client, account)
    signature = account.sign(message)
    assert answer(client, challenge, signature).status_code == 302
    client.logout()

    assert page_code(answer(client, challenge, signature)) == "challenge_missing"


def test_a_challenge_of_another_backend(client, account, moralis, provider):
    """The site's settings changed between question and answer."""
    challenge, message = issued(client, account)
    provider["API_KEY"] = ""

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")


def test_exactly_two_upstream_calls_for_a_login_and_none_for_a_wrong_signature(
    client, account, other_account, moralis
):
    challenge, message = issued(client, account)
    answer(client, challenge, other_account.sign(message))
    assert list(moralis.requests) == ["POST /challenge/request/evm"]

    sign_in(client, account)

    assert list(moralis.requests)[1:] == [
        "POST /challenge/request/evm",
        "POST /challenge/verify/evm",
    ]


def test_a_service_that_is_gone_between_question_and_answer(client, account, provider):
    with Emulator() as emulator:
        provider.update(API_KEY="key", BASE_URL=emulator.url)
        challenge, message = issued(client, account)

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (503, "upstream_unavailable")


# --- Sessions --------------------------------------------------------------------------------


def test_a_session_that_ended_meanwhile(client, account, monkeypatch):
    """Another tab signed out between the reading of the session and its saving."""
    challenge, message = issued(client, account)
    pop = dict.pop

    def log_out_elsewhere(entries, *args):
        Session.objects.all().delete()
        return pop(entries, *args)

    monkeypatch.setattr(
        "allauth_moralis.internal.stash._entries",
        lambda request: type("E", (dict,), {"pop": log_out_elsewhere})(
            request.session["allauth_moralis"]
        ),
    )

    response = answer(client, challenge, account.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()


def test_sixteen_answers_at_once_are_one_login(client, account, monkeypatch):
    """All of them read the session before the first had saved it."""
    challenge, message = issued(client, account)
    signature = account.sign(message)
    session_data = dict(client.session)
    results = []
    for _ in range(16):
        twin = Client()
        session = twin.session
        session.update(session_data)
        session.save()
        twin.cookies["sessionid"] = session.session_key
        results.append(answer(twin, challenge, signature).status_code)

    assert sorted(results) == [302] + [403] * 15


# --- Whose account ---------------------------------------------------------------------------


@pytest.mark.parametrize("spell", [str, str.lower])
def test_a_local_user_named_like_the_address(client, account, spell):
    local = get_user_model().objects.create_user(spell(account.address).lower(), password="x")

    sign_in(client, account)

    user = SocialAccount.objects.get().user
    assert user != local
    assert user.username.startswith(account.address.lower())
    assert not SocialAccount.objects.filter(user=local).exists()


def test_the_user_name_is_made_from_the_address(client, account):
    sign_in(client, account)

    assert SocialAccount.objects.get().user.username == account.address.lower()


def test_the_first_login_in_two_browsers_at_once(client, account, monkeypatch):
    """The other one is faster: this one finds the account that it made."""
    challenge, message = issued(client, account)
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        monkeypatch.undo()
        sign_in(Client(), account)
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    response = answer(client, challenge, account.sign(message))

    assert response.status_code == 302
    assert (get_user_model().objects.count(), SocialAccount.objects.count()) == (1, 1)
    assert user_of(client) == SocialAccount.objects.get().user_id


def test_a_sign_up_that_fails_leaves_no_user_without_account(client, account, monkeypatch):
    def fail(self, *args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(SocialAccount, "save", fail)

    response = sign_in(client, account)

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert not get_user_model().objects.exists()
    assert user_of(client) is None


def test_a_linking_that_fails_changes_nothing(client, account, other_account, monkeypatch):
    client.raise_request_exception = False
    sign_in(client, account)
    user = user_of(client)

    def fail(self, *args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(SocialAccount, "save", fail)

    assert sign_in(client, other_account, process="connect").status_code == 500
    assert SocialAccount.objects.get().uid == account.address
    assert get_user_model().objects.get().pk == user


def test_a_failing_receiver_gives_neither_login_nor_challenge_back(client, account, settings):
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    client.raise_request_exception = False
    challenge, message = issued(client, account)

    def fail(**kwargs):
        raise RuntimeError("of the site")

    user_logged_in.connect(fail)
    try:
        response = answer(client, challenge, account.sign(message))
    finally:
        user_logged_in.disconnect(fail)
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert response.status_code == 500
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    # Not by the claim alone: the session gave it up before anything could fail.
    assert challenge not in client.session["allauth_moralis"]
    assert page_code(answer(client, challenge, account.sign(message))) == "challenge_missing"


def test_an_account_with_a_second_factor_is_not_signed_in_before_it(client, account):
    sign_in(client, account)
    user = SocialAccount.objects.get().user
    client.logout()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    assert Authenticator.objects.filter(user=user).exists()

    response = sign_in(client, account)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


def test_a_security_key_is_a_second_factor_too(client, account):
    sign_in(client, account)
    user = SocialAccount.objects.get().user
    client.logout()
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})

    response = sign_in(client, account)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


def test_a_wallet_never_matches_by_email(client, account, settings):
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    user = get_user_model().objects.create_user("ada", "ada@example.com", "x")
    EmailAddress.objects.create(user=user, email="ada@example.com", verified=True, primary=True)

    sign_in(client, account)

    assert SocialAccount.objects.get().user != user


def test_an_address_that_is_missing_is_null_where_it_can_be(monkeypatch, settings):
    """Unique, "" would be one of a kind."""
    assert empty_email() == ""
    monkeypatch.setattr(get_user_model()._meta.get_field("email"), "null", True)
    assert empty_email() is None
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    assert empty_email() == ""


def test_users_without_any_addresses(client, account, settings):
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None

    sign_in(client, account)

    assert user_of(client)


def test_a_site_that_requires_an_email_asks_for_it(client, account, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

    response = sign_in(client, account)
    assert (response.status_code, response["Location"]) == (302, reverse("socialaccount_signup"))
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()

    client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    row = SocialAccount.objects.get()
    assert (row.uid, row.user.email) == (account.address, "ada@example.com")
    assert user_of(client) == row.user_id


def test_a_site_that_has_it_confirmed_keeps_the_wallet_through_the_detour(
    client, account, settings, mailoutbox
):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_in(client, account)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})
    assert response["Location"] == reverse("account_email_verification_sent")
    assert user_of(client) is None
    client.post(re.search(r"/accounts/confirm-email/[^/\s]+/", mailoutbox[0].body)[0])
    again = Client()
    sign_in(again, account)

    assert user_of(again) == SocialAccount.objects.get().user_id
    assert EmailAddress.objects.get().verified


def test_a_detour_ends_where_the_wallet_got_an_account_meanwhile(client, account, settings):
    """Begun in two browsers: the second is told, and leaves no user behind."""
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    form, late = reverse("socialaccount_signup"), Client()
    sign_in(client, account)
    sign_in(late, account)
    client.post(form, {"email": "ada@example.com"})

    response = late.post(form, {"email": "ada@example.org"})

    assert response["Location"] == reverse("moralis_login")
    assert "already has an account" in late.get(response["Location"]).content.decode()
    assert user_of(late) is None
    assert get_user_model().objects.count() == EmailAddress.objects.count() == 1
    assert late.get(form)["Location"] == reverse("account_login")


def test_a_conflict_in_the_detour_that_is_no_wallets_leaves_no_user(
    client, account, settings, monkeypatch
):
    def fails(self, request, connect=False):
        raise IntegrityError

    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    sign_in(client, account)
    monkeypatch.setattr(SocialLogin, "save", fails)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert not get_user_model().objects.exists()


def test_a_taken_email_is_neither_linked_nor_told(client, account, settings, django_user_model):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    owner = django_user_model.objects.create_user("ada", "ada@example.com", "x")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    sign_in(client, account)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    assert response["Location"] == reverse("account_email_verification_sent")
    assert user_of(client) is None
    assert not SocialAccount.objects.filter(user=owner).exists()


def test_a_site_that_is_closed_for_sign_up(client, account, monkeypatch):
    monkeypatch.setattr(DefaultSocialAccountAdapter, "is_open_for_signup", lambda *_: False)

    response = sign_in(client, account)

    assert response.status_code == 200
    assert "closed" in response.content.decode().lower()
    assert not SocialAccount.objects.exists()


def test_linking_says_so_and_tells_the_signals(client, account, other_account):
    added = []
    receiver = lambda **kwargs: added.append(kwargs["sociallogin"].account.uid)  # noqa: E731
    social_account_added.connect(receiver)
    sign_in(client, account)

    response = sign_in(client, other_account, process="connect")

    social_account_added.disconnect(receiver)
    assert response["Location"] == reverse("socialaccount_connections")
    assert added == [other_account.address]
    assert "has been connected" in client.get(response["Location"]).content.decode()


def test_a_wallet_of_another_account_is_explained(client, account, other_account):
    sign_in(Client(), other_account)
    sign_in(client, account)

    response = sign_in(client, other_account, process="connect")

    page = client.get(response["Location"]).content.decode()
    assert "already connected to a different account" in page


def test_the_adapter_is_told_of_refusals_and_may_answer_itself(client, monkeypatch):
    told = []

    def on_error(self, request, provider, error=None, exception=None, extra_context=None):
        told.append((provider.id, exception.code))
        raise ImmediateHttpResponse(HttpResponse("the site's own"))

    monkeypatch.setattr(DefaultSocialAccountAdapter, "on_authentication_error", on_error)

    response = answer(client, "x", "0x00")

    assert response.content == b"the site's own"
    assert told == [("moralis", "challenge_missing")]


def test_the_address_of_the_tests_is_not_the_libraries_idea():
    assert keccak256(b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")
