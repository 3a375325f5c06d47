"""What a verified wallet leads to."""

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
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allauth_moralis.adapter import AccountAdapter
from allauth_moralis.internal import stash
from allauth_moralis.internal.sociallogin import empty_email
from allauth_moralis.siwx.signatures import keccak256
from allauth_moralis.testing import answer, obtain_challenge, sign_in

from ..ceremony import page_code, search, user_of

pytestmark = pytest.mark.django_db

# --- Sessions ------------------------------------------------------------------------------------


@pytest.fixture
def signs_out_elsewhere(monkeypatch):
    """Have another tab sign out between the reading of the session and its saving."""
    read = stash._entries

    def and_sign_out(request):
        entries = read(request)
        Session.objects.all().delete()
        return entries

    return lambda: monkeypatch.setattr(stash, "_entries", and_sign_out)


def test_link_in_a_session_that_ended_meanwhile(client, wallet, other_wallet, signs_out_elsewhere):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, other_wallet, process="connect")
    signs_out_elsewhere()

    response = answer(client, challenge, other_wallet.sign(message))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(client) is None
    assert SocialAccount.objects.get().uid == wallet.address


def test_sign_in_in_a_session_that_ended_meanwhile(client, wallet, signs_out_elsewhere):
    """The visitor signed out, and then in again. The session that ended does not come back."""
    challenge, message = obtain_challenge(client, wallet)
    ended = client.session.session_key
    signs_out_elsewhere()

    response = answer(client, challenge, wallet.sign(message))

    assert response.status_code == 302
    assert user_of(client) == SocialAccount.objects.get().user_id
    assert Session.objects.get().session_key == client.session.session_key != ended


def test_sixteen_answers_at_once_are_one_login(client, wallet, monkeypatch):
    """All of them read the session before the first had saved it."""
    challenge, message = obtain_challenge(client, wallet)
    signature = wallet.sign(message)
    session_data = dict(client.session)
    results = []
    for _ in range(16):
        twin = Client()
        session = twin.session
        session.update(session_data)
        session.save()
        twin.cookies["sessionid"] = str(session.session_key)
        results.append(answer(twin, challenge, signature).status_code)

    assert sorted(results) == [302] + [403] * 15


# --- Whose account -------------------------------------------------------------------------------


@pytest.mark.parametrize("spell", [str, str.lower])
def test_a_local_user_named_like_the_address(client, wallet, spell):
    local = get_user_model().objects.create_user(spell(wallet.address).lower(), password="x")

    sign_in(client, wallet)

    user = SocialAccount.objects.get().user
    assert user != local
    assert user.username.startswith(wallet.address.lower())
    assert not SocialAccount.objects.filter(user=local).exists()


def test_the_user_name_is_made_from_the_address(client, wallet):
    sign_in(client, wallet)

    assert SocialAccount.objects.get().user.username == wallet.address.lower()


def test_sign_up_compares_every_user_with_one_name_alone(client, wallet, settings):
    """Where case does not count no index helps, so each name more is a scan more."""
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = True
    challenge, message = obtain_challenge(client, wallet)

    with CaptureQueriesContext(connection) as queries:
        answer(client, challenge, wallet.sign(message))

    assert "".join(query["sql"] for query in queries).count(" LIKE ") == 1


class NamesItsUsers(AccountAdapter):
    def generate_unique_username(self, *_, **__):
        return "named-by-the-site"


def test_name_is_by_the_sites_own_rule_if_it_has_one(client, wallet, settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.NamesItsUsers"

    sign_in(client, wallet)

    assert SocialAccount.objects.get().user.username == "named-by-the-site"


class RefusesAddresses(AccountAdapter):
    def clean_username(self, username, shallow=False):
        if username.startswith("0x"):
            raise ValidationError("no address")
        return super().clean_username(username, shallow)


def test_name_that_the_site_refuses_is_not_taken(client, wallet, settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.RefusesAddresses"

    sign_in(client, wallet)

    assert SocialAccount.objects.get().user.username.startswith("wallet")


def test_the_first_login_in_two_browsers_at_once(client, wallet, monkeypatch):
    """The other one is faster: this one finds the account that it made."""
    challenge, message = obtain_challenge(client, wallet)
    save_user = DefaultSocialAccountAdapter.save_user

    def late(self, request, sociallogin, form=None):
        monkeypatch.undo()
        sign_in(Client(), wallet)
        return save_user(self, request, sociallogin, form)

    monkeypatch.setattr(DefaultSocialAccountAdapter, "save_user", late)

    response = answer(client, challenge, wallet.sign(message))

    assert response.status_code == 302
    assert (get_user_model().objects.count(), SocialAccount.objects.count()) == (1, 1)
    assert user_of(client) == SocialAccount.objects.get().user_id


def test_a_sign_up_that_fails_leaves_no_user_without_account(client, wallet, monkeypatch):
    def fail(self, *args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(SocialAccount, "save", fail)

    response = sign_in(client, wallet)

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert not get_user_model().objects.exists()
    assert user_of(client) is None


def test_a_linking_that_fails_changes_nothing(client, wallet, other_wallet, monkeypatch):
    client.raise_request_exception = False
    sign_in(client, wallet)
    user = user_of(client)

    def fail(self, *args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(SocialAccount, "save", fail)

    assert sign_in(client, other_wallet, process="connect").status_code == 500
    assert SocialAccount.objects.get().uid == wallet.address
    assert get_user_model().objects.get().pk == user


def test_a_failing_receiver_gives_neither_login_nor_challenge_back(client, wallet, settings):
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    client.raise_request_exception = False
    challenge, message = obtain_challenge(client, wallet)

    def fail(**kwargs):
        raise RuntimeError("of the site")

    user_logged_in.connect(fail)
    try:
        response = answer(client, challenge, wallet.sign(message))
    finally:
        user_logged_in.disconnect(fail)
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert response.status_code == 500
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()
    # Not by the claim alone: the session gave it up, although the sign-in was rolled back.
    assert challenge not in client.session["allauth_moralis"]
    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"


def test_proof_that_cannot_be_read_uses_the_challenge_up_though_the_page_fails(
    client, wallet, monkeypatch
):
    client.raise_request_exception = False
    challenge, message = obtain_challenge(client, wallet)

    def fail(*args, **kwargs):
        raise RuntimeError("of the site")

    with monkeypatch.context() as broken:
        broken.setattr(DefaultSocialAccountAdapter, "on_authentication_error", fail)
        assert answer(client, challenge, "").status_code == 500
    cache.clear()

    assert page_code(answer(client, challenge, wallet.sign(message))) == "challenge_missing"


def test_session_that_cannot_be_saved_does_not_hide_what_went_wrong(
    client, wallet, monkeypatch, caplog
):
    challenge, message = obtain_challenge(client, wallet)

    def fail(**kwargs):
        monkeypatch.setattr(stash, "dict", broken, raising=False)
        raise RuntimeError("of the site")

    def broken(_entries):
        raise OSError("redis.internal.example refused")

    user_logged_in.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="of the site"):
            answer(client, challenge, wallet.sign(message))
    finally:
        user_logged_in.disconnect(fail)

    assert "A challenge stays in its session: OSError" in caplog.text
    assert "redis.internal" not in caplog.text


def test_an_account_with_a_second_factor_is_not_signed_in_before_it(client, wallet):
    sign_in(client, wallet)
    user = SocialAccount.objects.get().user
    client.logout()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    assert Authenticator.objects.filter(user=user).exists()

    response = sign_in(client, wallet)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


def test_a_security_key_is_a_second_factor_too(client, wallet):
    sign_in(client, wallet)
    user = SocialAccount.objects.get().user
    client.logout()
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})

    response = sign_in(client, wallet)

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(client) is None


def test_a_wallet_never_matches_by_email(client, wallet, settings):
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    user = get_user_model().objects.create_user("ada", "ada@example.com", "x")
    EmailAddress.objects.create(user=user, email="ada@example.com", verified=True, primary=True)

    sign_in(client, wallet)

    assert SocialAccount.objects.get().user != user


def test_an_address_that_is_missing_is_null_where_it_can_be(monkeypatch, settings):
    """Unique, "" would be one of a kind."""
    assert empty_email() == ""
    monkeypatch.setattr(get_user_model()._meta.get_field("email"), "null", True)
    assert empty_email() is None
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    assert empty_email() == ""


def test_users_without_any_addresses(client, wallet, settings):
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None

    sign_in(client, wallet)

    assert user_of(client)


def test_a_site_that_requires_an_email_asks_for_it(client, wallet, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

    response = sign_in(client, wallet)
    assert (response.status_code, response["Location"]) == (302, reverse("socialaccount_signup"))
    assert user_of(client) is None
    assert not SocialAccount.objects.exists()

    client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    row = SocialAccount.objects.get()
    assert (row.uid, row.user.email) == (wallet.address, "ada@example.com")
    assert user_of(client) == row.user_id


def test_a_site_that_has_it_confirmed_keeps_the_wallet_through_the_detour(
    client, wallet, settings, mailoutbox
):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_in(client, wallet)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})
    assert response["Location"] == reverse("account_email_verification_sent")
    assert user_of(client) is None
    client.post(search(r"/accounts/confirm-email/[^/\s]+/", mailoutbox[0].body)[0])
    again = Client()
    sign_in(again, wallet)

    assert user_of(again) == SocialAccount.objects.get().user_id
    assert EmailAddress.objects.get().verified


def test_a_detour_ends_where_the_wallet_got_an_account_meanwhile(client, wallet, settings):
    """Begun in two browsers: the second is told, and leaves no user behind."""
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    form, late = reverse("socialaccount_signup"), Client()
    sign_in(client, wallet)
    sign_in(late, wallet)
    client.post(form, {"email": "ada@example.com"})

    response = late.post(form, {"email": "ada@example.org"})

    assert response["Location"] == reverse("moralis_login")
    assert "already has an account" in late.get(response["Location"]).content.decode()
    assert user_of(late) is None
    assert get_user_model().objects.count() == EmailAddress.objects.count() == 1
    assert late.get(form)["Location"] == reverse("account_login")


def test_a_conflict_in_the_detour_that_is_no_wallets_leaves_no_user(
    client, wallet, settings, monkeypatch
):
    def fails(self, request, connect=False):
        raise IntegrityError

    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    sign_in(client, wallet)
    monkeypatch.setattr(SocialLogin, "save", fails)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert not get_user_model().objects.exists()


def test_a_taken_email_is_neither_linked_nor_told(client, wallet, settings, django_user_model):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    owner = django_user_model.objects.create_user("ada", "ada@example.com", "x")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    sign_in(client, wallet)

    response = client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})

    assert response["Location"] == reverse("account_email_verification_sent")
    assert user_of(client) is None
    assert not SocialAccount.objects.filter(user=owner).exists()


def test_a_site_that_is_closed_for_sign_up(client, wallet, monkeypatch):
    monkeypatch.setattr(DefaultSocialAccountAdapter, "is_open_for_signup", lambda *_: False)

    response = sign_in(client, wallet)

    assert response.status_code == 200
    assert "closed" in response.content.decode().lower()
    assert not SocialAccount.objects.exists()


def test_linking_says_so_and_tells_the_signals(client, wallet, other_wallet):
    added = []
    receiver = lambda **kwargs: added.append(kwargs["sociallogin"].account.uid)  # noqa: E731
    social_account_added.connect(receiver)
    sign_in(client, wallet)

    response = sign_in(client, other_wallet, process="connect")

    social_account_added.disconnect(receiver)
    assert response["Location"] == reverse("socialaccount_connections")
    assert added == [other_wallet.address]
    assert "has been connected" in client.get(response["Location"]).content.decode()


def test_a_wallet_of_another_account_is_explained(client, wallet, other_wallet):
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)

    response = sign_in(client, other_wallet, process="connect")

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
