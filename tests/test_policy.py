"""What is decided of an account: by what it opens, and what counts as proof of who is there."""

from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from allauth_moralis import reauthentication, receivers
from allauth_moralis.adapter import AccountAdapter
from allauth_moralis.internal import allauth_private, flows
from allauth_moralis.internal.disconnect import opens
from allauth_moralis.internal.sociallogin import sign_up_has_expired
from allauth_moralis.testing.factories import create_wallet_user, link_wallet
from allauth_moralis.ways_in import ways_in

pytestmark = pytest.mark.django_db

EMAIL = "ada@example.com"


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.user, request.session = AnonymousUser(), SessionStore()
    return request


def test_ways_in_are_named(wallet, other_wallet, provider):
    user = create_wallet_user(wallet)
    link_wallet(user, other_wallet)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)

    assert sorted(ways_in(user)) == sorted([wallet.address, other_wallet.address, "email"])
    provider["NETWORKS"] = ["solana"]
    assert ways_in(user) == ["email"]


def test_account_of_a_provider_that_was_uninstalled_opens_nothing():
    assert not opens(SocialAccount(provider="uninstalled", uid="1"))


def test_account_of_a_provider_that_is_installed_opens_the_account(monkeypatch):
    monkeypatch.setattr(SocialAccount, "get_provider", lambda self, request=None: object())

    assert opens(SocialAccount(provider="elsewhere", uid="1"))


def test_adapter_outside_of_a_request_leaves_the_answer_to_allauth(wallet):
    user = create_wallet_user(wallet)

    assert AccountAdapter().request is None
    assert AccountAdapter().is_reauthentication_required(app="allauth.mfa")
    assert not AccountAdapter().is_reauthentication_required(app="allauth.account")
    assert [one["id"] for one in AccountAdapter().get_reauthentication_methods(user)] == ["moralis"]


def test_visitor_who_is_not_signed_in_has_proven_nothing(request_):
    assert not reauthentication.is_confirmed(request_, by_allauths_rules=False)


def test_change_that_opens_nothing_is_left_to_allauth(request_, wallet):
    request_.user = create_wallet_user(wallet)

    required = reauthentication.is_required(request_, app="allauth.usersessions", by_allauth=False)

    assert required is False


def by_mail(request: HttpRequest) -> SocialLogin:
    """Another provider that has confirmed the address."""
    provider = get_adapter().get_provider(request, "moralis")
    address = EmailAddress(email=EMAIL, verified=True)
    account = SocialAccount(provider="elsewhere", uid="1")
    return SocialLogin(account=account, email_addresses=[address], provider=provider)


@pytest.mark.parametrize("confirmed", [False, True])
def test_another_provider_signs_in_by_a_confirmed_address_alone(
    request_, wallet, settings, confirmed
):
    """Unconfirmed, a stranger may have added it to his wallet's account."""
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    user = create_wallet_user(wallet)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=confirmed)

    with request_context(request_):
        found = get_adapter().authenticate_by_email(by_mail(request_))

    assert found == ((user, EMAIL) if confirmed else None)


@pytest.mark.parametrize("existing", [False, True])
def test_another_provider_that_signs_up_takes_its_address(request_, wallet, existing):
    user = create_wallet_user(wallet)
    EmailAddress.objects.create(user=user, email=EMAIL)
    login = by_mail(request_)
    login.user = user if existing else None

    receivers.release_addresses(sociallogin=login)

    assert EmailAddress.objects.exists() is existing


def test_sign_in_without_a_request_is_not_remembered():
    receivers.remember_sign_in(request=None)


def test_sign_up_of_another_provider_is_left_to_allauth():
    assert not sign_up_has_expired(SocialLogin(account=SocialAccount(provider="elsewhere")))


@pytest.mark.parametrize(("next_url", "separator"), [("/app", "?"), ("/app?a=b", "&")])
def test_front_end_that_led_away_is_told_that_a_link_wants_proof(next_url, separator):
    login = SimpleNamespace(state={"next": next_url}, is_headless=True)

    response = flows._link_again(login)  # type: ignore[arg-type]  # all that it looks at

    why = "error=reauthentication_required&error_process=connect"
    assert response["Location"] == f"{next_url}{separator}{why}"


@pytest.mark.parametrize(
    ("limits", "counts"),
    [(["3/m/ip"], True), (["3/m/key"], False), (["x"], False), ([None], False)],
)
def test_limits_by_address_are_told_from_others(limits, counts):
    assert allauth_private.counts_addresses(limits) is counts
