"""Confirming one's access by a wallet, on every site."""

import pytest
from allauth import app_settings
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model

from allauth_moralis.reauthentication import SIGNED_IN_KEY
from allauth_moralis.testing import request_challenge, sign_in

from ..ceremony import age, give_password, json_code, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirmed_access(settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


def test_a_wallet_is_linked_once_the_access_was_confirmed(
    client, wallet, other_wallet, confirmed_access
):
    sign_in(client, wallet)
    age(client, 1000)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)
    assert (page.status_code, page.context["page_request"].process) == (200, "reauthenticate")
    assert json_code(request_challenge(client, other_wallet, process="connect")) == "login_required"
    assert SocialAccount.objects.count() == 1
    sign_in(client, wallet, process="reauthenticate")
    sign_in(client, other_wallet, process="connect")

    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == user_of(client)


def test_who_has_a_password_too_can_confirm_by_wallet(
    client, wallet, other_wallet, confirmed_access
):
    sign_in(client, wallet)
    give_password(client)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)
    assert page.status_code == 200
    assert client.get("/accounts/moralis/reauthenticate/").status_code == 200
    sign_in(client, wallet, process="reauthenticate")
    sign_in(client, other_wallet, process="connect")

    assert SocialAccount.objects.count() == 2


def test_who_has_no_wallet_yet_and_links_one(client, wallet, confirmed_access):
    """By their password, where the site has a page that asks for it."""
    user = get_user_model()()
    user.set_password("correct horse!")
    user.save()
    client.force_login(user)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)

    assert page.status_code == 200
    if app_settings.SOCIALACCOUNT_ONLY:  # a password of old opens nothing there
        sign_in(client, wallet, process="connect")
        assert SocialAccount.objects.get().user_id == user.pk


def test_who_has_nothing_to_confirm_by_signs_in_again(client, wallet, confirmed_access):
    """An account of another provider: its sign-in is all the proof there is, while it is recent."""
    user = get_user_model()()
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    session = client.session
    session[SIGNED_IN_KEY] -= 1000
    session.save()

    old = request_challenge(client, wallet, process="connect")
    client.force_login(user)
    sign_in(client, wallet, process="connect")

    assert (old.status_code, json_code(old)) == (403, "login_required")
    assert "sign in again" in old.json()["error"]["message"]
    assert SocialAccount.objects.get().user_id == user.pk


def test_who_has_something_to_confirm_by_is_asked_for_it(client, wallet, confirmed_access):
    """Their sign-in alone is not enough, on a site without pages either."""
    if app_settings.SOCIALACCOUNT_ONLY:
        pytest.skip("a password opens nothing there")
    user = get_user_model()()
    user.set_password("correct horse!")
    user.save()
    client.force_login(user)

    response = request_challenge(client, wallet, process="connect")

    assert (response.status_code, json_code(response)) == (403, "login_required")


def test_a_second_factor_is_no_endless_round(client, wallet, confirmed_access):
    """Whoever has one is not asked for a wallet instead, which would not do."""
    if not app_settings.MFA_ENABLED:
        pytest.skip("the site has no second factors")
    from allauth.mfa.totp.internal.auth import TOTP  # noqa: PLC0415 - it is there only where it is installed

    sign_in(client, wallet)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")
    age(client, 1000)

    page = client.get("/accounts/moralis/login/?process=connect", follow=True)

    assert page.status_code == 200
    assert "reauthenticate" not in str(page.request["QUERY_STRING"])


@pytest.mark.parametrize("by_wallet", [True, False])
def test_applications_are_asked_in_allauths_way(client, wallet, confirmed_access, by_wallet):
    if by_wallet:
        sign_in(client, wallet)
        age(client, 1000)
    else:
        user = get_user_model()()
        user.set_password("correct horse!")
        user.save()
        client.force_login(user)
    url = "/_allauth/browser/v1/account/email"

    response = client.post(url, {"email": "ada@example.com"}, content_type="application/json")

    # 404: a site that has no local accounts has no e-mail addresses either.
    assert response.status_code in (401, 404)
