"""One person, one account: several wallets, leaving, and what the pages say of it."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from allauth_moralis.provider import has_one_way_in
from config.accounts import SocialAccountAdapter

from .accounts import SolanaAccount
from .ceremony import sign_in, user_of

pytestmark = pytest.mark.django_db

ONLY_WAY_IN = "This wallet is the only way into your account."


def profile(client) -> str:
    return client.get(reverse("moralis_profile")).content.decode()


def test_each_wallet_with_its_network_and_the_one_of_this_session(client, account):
    solana = SolanaAccount()
    sign_in(client, account)
    sign_in(client, solana, process="connect")

    html = profile(client)
    assert "Ethereum, added on" in html
    assert "Solana, added on" in html
    assert html.count("This session") == 1
    assert html.index("This session") < html.index(f">{account.address}<")
    client.logout()
    sign_in(client, solana)

    html = profile(client)
    assert html.index("This session") > html.index(f">{account.address}<")
    assert f"{solana.address[:6]}…{solana.address[-4:]} (Solana)" in html


def test_a_wallet_of_another_account_is_explained_in_words(client, account, other_account):
    sign_in(Client(), other_account)
    sign_in(client, account)

    response = sign_in(client, other_account, process="connect")

    page = client.get(response["Location"]).content.decode()
    assert "This wallet opens another account." in page
    assert "sign in with it, remove it from that account" in page


def test_moving_a_wallet_as_the_explanation_says(client, account, other_account):
    """Sign in with it, remove it there, come back."""
    third = SolanaAccount()
    sign_in(client, other_account)
    theirs = user_of(client)
    sign_in(client, third, process="connect")
    row = SocialAccount.objects.get(uid=other_account.address)
    assert client.post(reverse("socialaccount_connections"), {"account": row.pk}).status_code == 302
    client.logout()
    sign_in(client, account)
    mine = user_of(client)

    sign_in(client, other_account, process="connect")

    assert SocialAccount.objects.get(uid=other_account.address).user_id == mine != theirs


def test_an_unlinked_wallet_does_not_open_the_old_account(client, account, other_account):
    sign_in(client, account)
    old = user_of(client)
    sign_in(client, other_account, process="connect")
    row = SocialAccount.objects.get(uid=account.address)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})
    client.logout()

    sign_in(client, account)

    assert user_of(client) not in (None, old)


def test_two_unlinkings_at_once_leave_a_way_in(client, account, other_account):
    """Each of them counts before the other has deleted."""
    sign_in(client, account)
    sign_in(client, other_account, process="connect")
    rows = list(SocialAccount.objects.all())
    adapter = SocialAccountAdapter()
    adapter.validate_disconnect(rows[0], SocialAccount.objects.all())

    with pytest.raises(ValidationError, match="One after the other"):
        adapter.validate_disconnect(rows[1], SocialAccount.objects.all())


def test_unlinking_sends_a_mail_that_names_the_wallet(
    client, account, other_account, mailoutbox, settings
):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    sign_in(client, account)
    user = get_user_model().objects.get()
    user.emailaddress_set.create(email="ada@example.com", verified=True, primary=True)
    sign_in(client, other_account, process="connect")

    assert "Wallet" in mailoutbox[0].body
    assert mailoutbox[0].to == ["ada@example.com"]
    row = SocialAccount.objects.get(uid=other_account.address)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})

    assert "Wallet" in mailoutbox[1].body


# --- The only way in -------------------------------------------------------------------------


def test_who_has_one_wallet_is_told_what_that_means(client, account):
    sign_in(client, account)

    assert ONLY_WAY_IN in profile(client)


def test_who_has_two_is_not(client, account, other_account):
    sign_in(client, account)
    sign_in(client, other_account, process="connect")

    assert ONLY_WAY_IN not in profile(client)


def test_who_has_a_password_is_not(client, account):
    sign_in(client, account)
    user = get_user_model().objects.get()
    user.set_password("correct horse!")
    user.save()
    client.force_login(user)

    assert ONLY_WAY_IN not in profile(client)


def test_who_has_no_wallet_is_not(client, django_user_model):
    user = django_user_model.objects.create_user("ada")
    client.force_login(user)

    assert ONLY_WAY_IN not in profile(client)


@pytest.mark.parametrize(("passwordless", "one_way"), [(True, False), (False, True)])
def test_a_passkey_is_a_way_in_and_a_security_key_is_not(client, account, passwordless, one_way):
    sign_in(client, account)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": passwordless}}}},
    )

    assert has_one_way_in(user) is one_way


def test_a_passkey_is_none_where_people_cannot_log_in_by_it(client, account, settings):
    sign_in(client, account)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": True}}}},
    )
    settings.MFA_PASSKEY_LOGIN_ENABLED = False

    assert has_one_way_in(user)


def test_a_site_without_second_factors(client, account, monkeypatch):
    sign_in(client, account)
    monkeypatch.setattr("allauth.app_settings.MFA_ENABLED", False)

    assert has_one_way_in(get_user_model().objects.get())
