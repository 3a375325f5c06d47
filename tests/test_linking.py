"""One person, one account: several wallets, leaving, and what the pages say of it."""

import re
from typing import ClassVar

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import social_account_updated
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from allauth_moralis.adapter import AccountAdapter, SocialAccountAdapter, WalletSocialAccountMixin
from allauth_moralis.internal import disconnect
from allauth_moralis.internal.disconnect import refusal_code, with_links
from allauth_moralis.internal.sociallogin import WalletLogin
from allauth_moralis.reauthentication import current_wallet, forget
from allauth_moralis.testing import SolanaWallet, sign_in
from allauth_moralis.ways_in import has_one_way_in

from .ceremony import give_password, user_of

pytestmark = pytest.mark.django_db

ONLY_WAY_IN = "This wallet is the only way into your account."


def profile(client) -> str:
    return client.get(reverse("moralis_profile")).content.decode()


def test_each_wallet_with_its_network_and_the_one_of_this_session(client, wallet):
    solana = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, solana, process="connect")

    html = profile(client)
    assert "Ethereum, added on" in html
    assert "Solana, added on" in html
    assert html.count("This session") == 1
    assert html.index("This session") < html.index(f">{wallet.address}<")
    client.logout()
    sign_in(client, solana)

    html = profile(client)
    assert html.index("This session") > html.index(f">{wallet.address}<")
    assert f"{solana.address[:6]}…{solana.address[-4:]} (Solana)" in html


def test_a_wallet_of_another_account_is_explained_in_words(client, wallet, other_wallet):
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)

    response = sign_in(client, other_wallet, process="connect")

    page = client.get(response["Location"]).content.decode()
    assert "This wallet already opens another account." in page
    assert "sign in with it and remove it from that account" in page


def test_moving_a_wallet_as_the_explanation_says(client, wallet, other_wallet):
    """Sign in with it, remove it there, come back."""
    third = SolanaWallet()
    sign_in(client, other_wallet)
    theirs = user_of(client)
    sign_in(client, third, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)
    assert client.post(reverse("socialaccount_connections"), {"account": row.pk}).status_code == 302
    client.logout()
    sign_in(client, wallet)
    mine = user_of(client)

    sign_in(client, other_wallet, process="connect")

    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == mine != theirs


def test_an_unlinked_wallet_does_not_open_the_old_account(client, wallet, other_wallet):
    sign_in(client, wallet)
    old = user_of(client)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=wallet.address)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})
    client.logout()

    sign_in(client, wallet)

    assert user_of(client) not in (None, old)


def counted_too_early(monkeypatch, *gone) -> None:
    """allauth has counted, and others of the account's wallets go before it deletes."""
    begin = disconnect.begin

    def late(row) -> None:
        begin(row)
        SocialAccount.objects.filter(uid__in=[one.address for one in gone]).delete()

    monkeypatch.setattr(disconnect, "begin", late)


@pytest.mark.django_db(transaction=True)
def test_who_counted_too_early_does_not_remove_the_last_way_in(
    client, wallet, other_wallet, monkeypatch
):
    third = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    sign_in(client, third, process="connect")
    counted_too_early(monkeypatch, other_wallet, third)

    response = remove(client, wallet)

    assert response["Location"] == reverse("socialaccount_connections")
    page = client.get(response["Location"]).content.decode()
    assert "Add another one first: link a wallet, or add" in page
    assert SocialAccount.objects.get().uid == wallet.address


@pytest.mark.django_db(transaction=True)
def test_an_application_that_counted_too_early(client, wallet, other_wallet, monkeypatch):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    counted_too_early(monkeypatch, other_wallet)

    response = client.delete(
        "/_allauth/browser/v1/account/providers",
        {"provider": "moralis", "account": wallet.address},
        content_type="application/json",
    )

    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == ["no_password"]
    assert SocialAccount.objects.get().uid == wallet.address


def test_who_counted_too_early_and_has_another_way_in(client, wallet, other_wallet, monkeypatch):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    give_address(client, verified=True)
    counted_too_early(monkeypatch, other_wallet)

    remove(client, wallet)

    assert not SocialAccount.objects.exists()


def test_operators_remove_what_they_want(client, wallet):
    sign_in(client, wallet)
    user = get_user_model().objects.get()

    SocialAccount.objects.get().delete()
    sign_in(Client(), wallet)
    user.delete()

    assert not SocialAccount.objects.filter(user_id=user.pk).exists()


def test_one_after_the_other_they_can_all_go_but_the_last(client, wallet, other_wallet):
    third = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    sign_in(client, third, process="connect")

    statuses = [remove(client, one).status_code for one in (third, other_wallet, wallet)]

    assert statuses == [302, 302, 200]
    assert SocialAccount.objects.get().uid == wallet.address


def test_the_guard_outside_a_request_marks_nothing(wallet):
    disconnect.begin(SocialAccount(pk=1))

    assert context.request is None


def test_a_wallet_that_is_gone_is_not_written_anew(client, wallet, monkeypatch):
    """A sign-in holds its row, where the database can; where it cannot, it fails."""
    sign_in(client, wallet)

    def remove_it(old, new):
        SocialAccount.objects.filter(uid=wallet.address).delete()
        return new

    monkeypatch.setattr("allauth_moralis.internal.labels.keep", remove_it)
    with pytest.raises(DatabaseError, match="Forced update"):
        sign_in(Client(), wallet)


def test_a_sign_in_looks_its_account_and_user_up_at_once(client, wallet, django_assert_num_queries):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    login = WalletLogin(account=SocialAccount(provider="moralis", uid=wallet.address))

    with django_assert_num_queries(4):  # the look-up and the update, in a savepoint
        login.lookup()
        assert login.user == user


def test_the_signals_tell_of_a_sign_in_as_for_every_provider(client, wallet):
    sign_in(client, wallet)
    told = []
    receiver = lambda **kwargs: told.append(kwargs["sociallogin"].account.uid)  # noqa: E731
    social_account_updated.connect(receiver)

    sign_in(Client(), wallet)

    social_account_updated.disconnect(receiver)
    assert told == [wallet.address]


@pytest.fixture
def notified(client, wallet, settings):
    """Somebody who came in by wallet, has an address, and is told of every change."""
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    user.emailaddress_set.create(email="ada@example.com", verified=True, primary=True)
    return user


def test_mails_tell_which_wallet_was_linked_and_removed(client, notified, other_wallet, mailoutbox):
    sign_in(client, other_wallet, process="connect")
    remove(client, other_wallet)

    linked_mail, removed_mail = mailoutbox
    assert linked_mail.to == removed_mail.to == ["ada@example.com"]
    short = f"{other_wallet.address[:6]}…{other_wallet.address[-4:]}"
    assert linked_mail.subject.endswith("Wallet linked")
    assert f"The wallet {short} was linked to your account." in linked_mail.body
    assert removed_mail.subject.endswith("Wallet removed")
    assert f"The wallet {short} was removed from your account." in removed_mail.body
    for mail in mailoutbox:
        assert other_wallet.address in mail.body
        assert "IP address: 127.0.0.1" in mail.body


def test_mails_of_other_providers_are_allauths(notified):
    row = SocialAccount(user=notified, provider="google", uid="1")
    mails = [
        render_to_string(
            f"socialaccount/email/account_{what}_{part}.txt",
            {"account": row, "provider": "Google", "ip": "127.0.0.1"},
        )
        for what in ("connected", "disconnected")
        for part in ("subject", "message")
    ]

    assert [mail.strip() for mail in mails[::2]] == [
        "Third-Party Account Connected",
        "Third-Party Account Disconnected",
    ]
    assert "A third-party account from Google has been connected" in mails[1]
    assert "A third-party account from Google has been disconnected" in mails[3]


def test_an_account_of_another_provider_is_no_wallet_of_the_session(client, wallet):
    sign_in(client, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="dummy", uid=wallet.address
    )
    row = SocialAccount.objects.get(provider="dummy")
    request = RequestFactory().get("/")
    request.user, request.session = row.user, client.session

    forget(request, row)

    assert current_wallet(request) == wallet.address


# --- The guard on the last way in -------------------------------------------------------------


def remove(client, wallet):
    row = SocialAccount.objects.get(uid=wallet.address)
    return client.post(reverse("socialaccount_connections"), {"account": row.pk})


def test_the_last_way_in_stays_and_the_page_leads_to_others(client, wallet):
    sign_in(client, wallet)

    html = remove(client, wallet).content.decode()

    assert SocialAccount.objects.count() == 1
    assert "This is the only way into your account." in html
    for path in (
        "/accounts/moralis/login/?process=connect",
        "/accounts/email/",
        "/accounts/password/set/",
    ):
        assert f'<a href="{path}">' in html
        assert client.get(path).status_code == 200


def test_where_an_address_must_be_confirmed_the_page_says_so(client, wallet):
    sign_in(client, wallet)
    give_address(client, verified=False)

    html = remove(client, wallet).content.decode()

    assert '<a href="/accounts/email/">confirm an e-mail address</a>.' in html
    assert SocialAccount.objects.count() == 1


def test_where_nobody_has_a_password_none_is_recommended(client, wallet, settings):
    sign_in(client, wallet)
    settings.SOCIALACCOUNT_ONLY = True

    html = remove(client, wallet).content.decode()

    assert ">link a wallet</a>." in html
    assert "set a password" not in html
    assert SocialAccount.objects.count() == 1


def test_a_site_without_the_pages_says_it_without_links(client, wallet, monkeypatch):
    def without(name, *args):
        raise NoReverseMatch

    monkeypatch.setattr("allauth_moralis.internal.disconnect.reverse", without)

    assert (
        with_links("{wallet}Link{end} {email}mail{end} {password}") == "<a>Link</a> <a>mail</a> <a>"
    )


def test_last_way_in_is_refused_with_the_code_of_what_is_missing(client, wallet, settings):
    def guard(user):
        return refusal_code(user.socialaccount_set.get(), [])

    sign_in(client, wallet)
    user = get_user_model().objects.get()
    assert guard(user) == "no_password"

    user = give_address(client, verified=False)
    assert guard(user) == "no_verified_email"
    user.emailaddress_set.update(verified=True)
    assert guard(user) is None
    settings.SOCIALACCOUNT_ONLY = True
    assert guard(user) == "disconnect_last"


def test_a_password_and_a_confirmed_address_are_enough(client, wallet):
    sign_in(client, wallet)
    give_address(client, verified=True)

    assert remove(client, wallet).status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_script_is_told_without_markup(client, wallet):
    sign_in(client, wallet)
    row = SocialAccount.objects.get()

    answer = client.post(
        reverse("socialaccount_connections"),
        {"account": row.pk},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )

    assert "link a wallet, or add an e-mail address" in answer.content.decode()
    assert "<a" not in str(answer.json()["form"]["errors"])


def test_a_sites_own_words_stay_its_own():
    class Theirs(DefaultSocialAccountAdapter):
        error_messages: ClassVar = {
            **DefaultSocialAccountAdapter.error_messages,
            "banned": "No.",
            "connected_other": "Theirs.",
        }

    class Adapter(WalletSocialAccountMixin, Theirs):
        pass

    for code in ("banned", "connected_other"):
        error = Adapter().validation_error(code)
        assert (error.code, error.message) == (code, Theirs.error_messages[code])


def test_a_conflict_of_another_provider_is_not_taken_for_a_wallets(client, wallet, rf, monkeypatch):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    row = SocialAccount.objects.create(user=user, provider="google", uid="1")
    other = get_user_model()(username="ada")
    login = SocialLogin(user=other, account=SocialAccount(provider="google", uid=row.uid))

    with pytest.raises(IntegrityError):
        SocialAccountAdapter().save_user(rf.get("/"), login)

    assert get_user_model().objects.get() == user


# --- allauth's page of connections ------------------------------------------------------------


def test_the_connections_page_tells_wallets_apart(client, wallet):
    solana = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, solana, process="connect")

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert "Ethereum, added on" in html
    assert "Solana, added on" in html
    assert html.count("This session") == 1
    assert html.index("This session") < html.index("Ethereum, added on")


def test_the_connections_page_without_any(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada"))

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert "no third-party accounts" in html


def test_the_connections_page_asks_the_database_no_more_for_many_than_for_one(
    client, wallet, django_assert_max_num_queries
):
    sign_in(client, wallet)
    url = reverse("socialaccount_connections")
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    user = get_user_model().objects.get()
    for number in range(5):
        SocialAccount.objects.create(user=user, provider="moralis", uid=f"0x{number:040x}")

    with django_assert_max_num_queries(len(one)):
        client.get(url)


# --- The only way in -------------------------------------------------------------------------


def test_who_has_one_wallet_is_told_what_that_means(client, wallet):
    sign_in(client, wallet)

    assert ONLY_WAY_IN in profile(client)


def test_who_has_two_is_not(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")

    assert ONLY_WAY_IN not in profile(client)


def give_address(client, **fields):
    """And a password beside it."""
    user = give_password(client)
    EmailAddress.objects.create(user=user, email="ada@example.com", primary=True, **fields)
    return user


def test_a_password_alone_opens_nothing_where_people_log_in_by_mail(client, wallet):
    sign_in(client, wallet)

    assert has_one_way_in(give_password(client))


def test_a_password_beside_an_address_that_is_not_confirmed(client, wallet, settings):
    sign_in(client, wallet)
    user = give_address(client, verified=False)

    assert has_one_way_in(user)
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    assert not has_one_way_in(user)


def test_a_password_beside_a_user_name(client, wallet, settings):
    sign_in(client, wallet)
    user = give_password(client)
    settings.ACCOUNT_LOGIN_METHODS = {"username"}

    assert not has_one_way_in(user)


def test_a_password_beside_a_phone_number(client, wallet, settings, monkeypatch):
    sign_in(client, wallet)
    user = give_password(client)
    settings.ACCOUNT_LOGIN_METHODS = {"phone"}
    monkeypatch.setattr(AccountAdapter, "get_phone", lambda self, user: ("+31600000000", True))

    assert not has_one_way_in(user)


def test_a_password_is_none_where_only_connected_accounts_are(client, wallet, settings):
    sign_in(client, wallet)
    user = give_address(client, verified=True)
    settings.SOCIALACCOUNT_ONLY = True

    assert has_one_way_in(user)


def test_a_confirmed_address_opens_the_account_without_the_wallet(client, wallet, mailoutbox):
    """Whoever lost the key asks for a new password, though they never had one."""
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    assert has_one_way_in(user)
    EmailAddress.objects.create(user=user, email="ada@example.com", verified=True, primary=True)
    assert not has_one_way_in(user)
    assert ONLY_WAY_IN not in profile(client)

    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    page = browser.get(link)
    password = "a new horse, a battery"
    browser.post(page["Location"], {"password1": password, "password2": password})
    browser.post(reverse("account_login"), {"login": "ada@example.com", "password": password})

    assert user_of(browser) == user.pk


def test_who_has_no_wallet_is_not(client, django_user_model):
    user = django_user_model.objects.create_user("ada")
    client.force_login(user)

    assert ONLY_WAY_IN not in profile(client)


@pytest.mark.parametrize(("passwordless", "one_way"), [(True, False), (False, True)])
def test_a_passkey_is_a_way_in_and_a_security_key_is_not(client, wallet, passwordless, one_way):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": passwordless}}}},
    )

    assert has_one_way_in(user) is one_way


def test_a_passkey_is_none_where_people_cannot_log_in_by_it(client, wallet, settings):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": True}}}},
    )
    settings.MFA_PASSKEY_LOGIN_ENABLED = False

    assert has_one_way_in(user)


def test_a_site_without_second_factors(client, wallet, monkeypatch):
    sign_in(client, wallet)
    assert "Add a passkey" in profile(client)
    monkeypatch.setattr("allauth.app_settings.MFA_ENABLED", False)

    assert has_one_way_in(get_user_model().objects.get())
    assert "Add a passkey" not in profile(client)
