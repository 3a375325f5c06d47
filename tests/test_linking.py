"""Several wallets of one account: linking and removing them, and what the pages say about it."""

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import social_account_removed, social_account_updated
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
from allauth_moralis.reauthentication import current_wallet
from allauth_moralis.testing import SolanaWallet, sign_in
from allauth_moralis.ways_in import has_one_way_in

from .ceremony import give_password, search, user_of

pytestmark = pytest.mark.django_db

ONLY_WAY_IN = "This wallet is the only way into your account."


def profile(client) -> str:
    return client.get(reverse("moralis_profile")).content.decode()


def test_profile_shows_each_wallet_and_marks_the_one_of_this_session(client, wallet):
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


def test_linking_another_accounts_wallet_is_refused_with_an_explanation(
    client, wallet, other_wallet
):
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)

    response = sign_in(client, other_wallet, process="connect")

    page = client.get(response["Location"]).content.decode()
    assert "This wallet already opens another account." in page
    assert "sign in with it and remove it from that account" in page


LINKED_ALREADY = "This wallet is already linked to your account."


@pytest.mark.parametrize("next_url", [None, "/accounts/email/"])
def test_linking_the_same_wallet_again_says_so_and_what_to_do(client, wallet, next_url):
    sign_in(client, wallet)
    before = SocialAccount.objects.get().extra_data["verified"]

    response = sign_in(
        client, wallet, process="connect", **({"next": next_url} if next_url else {})
    )

    assert response["Location"] == (next_url or reverse("socialaccount_connections"))
    page = client.get(response["Location"]).content.decode()
    assert LINKED_ALREADY in page
    assert "choose another account in your wallet" in page
    assert "has been connected" not in page
    assert SocialAccount.objects.get().extra_data["verified"] != before


def test_wallet_moves_to_another_account_as_the_explanation_says(client, wallet, other_wallet):
    """Sign in with the wallet, remove it there, and come back to link it."""
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


def test_removed_wallet_does_not_open_the_old_account(client, wallet, other_wallet):
    sign_in(client, wallet)
    old = user_of(client)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=wallet.address)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})
    client.logout()

    sign_in(client, wallet)

    assert user_of(client) not in (None, old)


def remove_after_counting(monkeypatch, *gone) -> None:
    """Remove the other wallets after allauth has counted them, and before it deletes one."""
    mark = disconnect.mark

    def late(row) -> None:
        mark(row)
        SocialAccount.objects.filter(uid__in=[one.address for one in gone]).delete()

    monkeypatch.setattr(disconnect, "mark", late)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_removals_leave_the_last_way_in(client, wallet, other_wallet, monkeypatch):
    third = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    sign_in(client, third, process="connect")
    remove_after_counting(monkeypatch, other_wallet, third)

    response = remove(client, wallet)

    assert response["Location"] == reverse("socialaccount_connections")
    page = client.get(response["Location"]).content.decode()
    assert "Add another one first: link a wallet, or add" in page
    assert SocialAccount.objects.get().uid == wallet.address


@pytest.mark.django_db(transaction=True)
def test_simultaneous_removals_by_an_application_leave_the_last_way_in(
    client, wallet, other_wallet, monkeypatch
):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    remove_after_counting(monkeypatch, other_wallet)

    response = client.delete(
        "/_allauth/browser/v1/account/providers",
        {"provider": "moralis", "account": wallet.address},
        content_type="application/json",
    )

    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == ["no_password"]
    assert SocialAccount.objects.get().uid == wallet.address


def test_simultaneous_removals_succeed_with_another_way_in(
    client, wallet, other_wallet, monkeypatch
):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    give_address(client, verified=True)
    remove_after_counting(monkeypatch, other_wallet)

    remove(client, wallet)

    assert not SocialAccount.objects.exists()


def test_operator_can_remove_the_last_wallet(client, wallet):
    sign_in(client, wallet)
    user = get_user_model().objects.get()

    SocialAccount.objects.get().delete()
    sign_in(Client(), wallet)
    user.delete()

    assert not SocialAccount.objects.filter(user_id=user.pk).exists()


def test_all_wallets_but_the_last_can_be_removed(client, wallet, other_wallet):
    third = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    sign_in(client, third, process="connect")

    statuses = [remove(client, one).status_code for one in (third, other_wallet, wallet)]

    assert statuses == [302, 302, 200]
    assert SocialAccount.objects.get().uid == wallet.address


def test_guard_outside_a_request_marks_nothing(wallet):
    disconnect.mark(SocialAccount(pk=1))

    assert context.request is None


def test_wallet_removed_during_a_sign_in_is_not_stored_again(client, wallet, monkeypatch):
    """The sign-in locks its row or, on databases that cannot, fails."""
    sign_in(client, wallet)

    def remove_it(old, new):
        SocialAccount.objects.filter(uid=wallet.address).delete()
        return new

    monkeypatch.setattr("allauth_moralis.internal.labels.keep", remove_it)
    with pytest.raises(DatabaseError, match="Forced update"):
        sign_in(Client(), wallet)


def test_sign_in_looks_up_account_and_user_in_one_query(client, wallet, django_assert_num_queries):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    login = WalletLogin(account=SocialAccount(provider="moralis", uid=wallet.address))

    with django_assert_num_queries(4):  # the look-up and the update, in a savepoint
        login.lookup()
        assert login.user == user


def test_sign_in_sends_allauths_signals(client, wallet):
    sign_in(client, wallet)
    told = []
    receiver = lambda **kwargs: told.append(kwargs["sociallogin"].account.uid)  # noqa: E731
    social_account_updated.connect(receiver)

    sign_in(Client(), wallet)

    social_account_updated.disconnect(receiver)
    assert told == [wallet.address]


@pytest.fixture
def notified(client, wallet, settings):
    """Sign in a user with a wallet and an address, who is notified of every change."""
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    user.emailaddress_set.create(email="ada@example.com", verified=True, primary=True)
    return user


def test_emails_name_the_wallet_that_was_linked_or_removed(
    client, notified, other_wallet, mailoutbox
):
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


def test_emails_about_other_providers_are_allauths(notified):
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


def test_another_providers_account_is_not_marked_as_this_sessions(client, wallet):
    sign_in(client, wallet)
    SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="dummy", uid=wallet.address
    )
    row = SocialAccount.objects.get(provider="dummy")
    request = RequestFactory().get("/")
    request.user, request.session = row.user, client.session

    social_account_removed.send(sender=SocialAccount, request=request, socialaccount=row)

    assert current_wallet(request) == wallet.address


# --- The guard on the last way in -------------------------------------------------------------


def remove(client, wallet):
    row = SocialAccount.objects.get(uid=wallet.address)
    return client.post(reverse("socialaccount_connections"), {"account": row.pk})


def test_removing_the_last_way_in_is_refused_with_links_to_others(client, wallet):
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


def test_wallet_of_a_network_that_is_not_offered_any_more_is_not_a_way_in(client, wallet, provider):
    """allauth counts it as one, so its own guard would let the last way go."""
    sign_in(client, wallet)
    sign_in(client, SolanaWallet(), process="connect")
    provider["NETWORKS"] = ["evm"]

    html = remove(client, wallet).content.decode()

    assert "This is the only way into your account." in html
    assert SocialAccount.objects.count() == 2


def test_refused_removal_suggests_confirming_an_unconfirmed_address(client, wallet):
    sign_in(client, wallet)
    give_address(client, verified=False)

    html = remove(client, wallet).content.decode()

    assert '<a href="/accounts/email/">confirm an e-mail address</a>.' in html
    assert SocialAccount.objects.count() == 1


def test_refused_removal_suggests_no_password_on_sites_without_passwords(client, wallet, settings):
    sign_in(client, wallet)
    settings.SOCIALACCOUNT_ONLY = True

    html = remove(client, wallet).content.decode()

    assert ">link a wallet</a>." in html
    assert "set a password" not in html
    assert SocialAccount.objects.count() == 1


def test_refused_removal_has_no_links_to_pages_that_are_missing(client, wallet, monkeypatch):
    def without(name, *args):
        raise NoReverseMatch

    monkeypatch.setattr("allauth_moralis.internal.disconnect.reverse", without)

    assert (
        with_links("{wallet}Link{end} {email}mail{end} {password}") == "<a>Link</a> <a>mail</a> <a>"
    )


def test_refused_removal_has_the_code_of_what_is_missing(client, wallet, settings):
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


def test_last_wallet_can_be_removed_with_a_password_and_a_confirmed_address(client, wallet):
    sign_in(client, wallet)
    give_address(client, verified=True)

    assert remove(client, wallet).status_code == 302
    assert not SocialAccount.objects.exists()


def test_refused_removal_by_a_script_has_no_markup(client, wallet):
    sign_in(client, wallet)
    row = SocialAccount.objects.get()

    answer = client.post(
        reverse("socialaccount_connections"),
        {"account": row.pk},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )

    assert "link a wallet, or add an e-mail address" in answer.content.decode()
    assert "<a" not in str(answer.json()["form"]["errors"])


def test_sites_own_validation_messages_are_kept():
    class Theirs(DefaultSocialAccountAdapter):
        error_messages = {  # noqa: RUF012 - as a site would write it
            **DefaultSocialAccountAdapter.error_messages,
            "banned": "No.",
            "connected_other": "Theirs.",
        }

    class Adapter(WalletSocialAccountMixin, Theirs):
        pass

    for code in ("banned", "connected_other"):
        error = Adapter().validation_error(code)
        assert (error.code, error.message) == (code, Theirs.error_messages[code])


def test_another_providers_integrity_error_is_raised(client, wallet, rf, monkeypatch):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    row = SocialAccount.objects.create(user=user, provider="google", uid="1")
    other = get_user_model()(username="ada")
    login = SocialLogin(user=other, account=SocialAccount(provider="google", uid=row.uid))

    with pytest.raises(IntegrityError):
        SocialAccountAdapter().save_user(rf.get("/"), login)

    assert get_user_model().objects.get() == user


# --- allauth's page of connections ------------------------------------------------------------


def test_connections_page_tells_wallets_apart(client, wallet):
    solana = SolanaWallet()
    sign_in(client, wallet)
    sign_in(client, solana, process="connect")

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert "Ethereum, added on" in html
    assert "Solana, added on" in html
    assert html.count("This session") == 1
    assert html.index("This session") < html.index("Ethereum, added on")


def test_connections_page_without_connections(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada"))

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert "no third-party accounts" in html


def test_connections_page_needs_a_constant_number_of_queries(
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


def test_single_way_in_is_warned_about(client, wallet):
    sign_in(client, wallet)

    assert ONLY_WAY_IN in profile(client)


def test_two_wallets_are_not_warned_about(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")

    assert ONLY_WAY_IN not in profile(client)


def give_address(client, **fields):
    """Give the user a password and an address."""
    user = give_password(client)
    EmailAddress.objects.create(user=user, email="ada@example.com", primary=True, **fields)
    return user


def test_password_without_an_address_is_not_a_way_in_if_people_log_in_by_email(client, wallet):
    sign_in(client, wallet)

    assert has_one_way_in(give_password(client))


def test_password_with_an_unconfirmed_address_is_a_way_in_if_that_will_do(client, wallet, settings):
    sign_in(client, wallet)
    user = give_address(client, verified=False)

    assert has_one_way_in(user)
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    assert not has_one_way_in(user)


def test_password_with_a_user_name_is_a_way_in(client, wallet, settings):
    sign_in(client, wallet)
    user = give_password(client)
    settings.ACCOUNT_LOGIN_METHODS = {"username"}

    assert not has_one_way_in(user)


def test_password_with_a_phone_number_is_a_way_in(client, wallet, settings, monkeypatch):
    sign_in(client, wallet)
    user = give_password(client)
    settings.ACCOUNT_LOGIN_METHODS = {"phone"}
    monkeypatch.setattr(AccountAdapter, "get_phone", lambda self, user: ("+31600000000", True))

    assert not has_one_way_in(user)


def test_password_is_not_a_way_in_on_sites_with_connected_accounts_only(client, wallet, settings):
    sign_in(client, wallet)
    user = give_address(client, verified=True)
    settings.SOCIALACCOUNT_ONLY = True

    assert has_one_way_in(user)


def test_confirmed_address_opens_the_account_without_the_wallet(client, wallet, mailoutbox):
    """People who lost their key can reset a password, even if they never had one."""
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    assert has_one_way_in(user)
    EmailAddress.objects.create(user=user, email="ada@example.com", verified=True, primary=True)
    assert not has_one_way_in(user)
    assert ONLY_WAY_IN not in profile(client)

    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    link = search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    page = browser.get(link)
    password = "a new horse, a battery"
    browser.post(page["Location"], {"password1": password, "password2": password})
    browser.post(reverse("account_login"), {"login": "ada@example.com", "password": password})

    assert user_of(browser) == user.pk


def test_user_without_a_wallet_is_not_warned(client, django_user_model):
    user = django_user_model.objects.create_user("ada")
    client.force_login(user)

    assert ONLY_WAY_IN not in profile(client)


@pytest.mark.parametrize(("passwordless", "one_way"), [(True, False), (False, True)])
def test_passkey_is_a_way_in_but_a_security_key_is_not(client, wallet, passwordless, one_way):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": passwordless}}}},
    )

    assert has_one_way_in(user) is one_way


def test_passkey_is_not_a_way_in_if_people_cannot_log_in_with_it(client, wallet, settings):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"credential": {"clientExtensionResults": {"credProps": {"rk": True}}}},
    )
    settings.MFA_PASSKEY_LOGIN_ENABLED = False

    assert has_one_way_in(user)


def test_warning_on_a_site_without_second_factors_offers_no_passkey(client, wallet, monkeypatch):
    sign_in(client, wallet)
    assert "Add a passkey" in profile(client)
    monkeypatch.setattr("allauth.app_settings.MFA_ENABLED", False)

    assert has_one_way_in(get_user_model().objects.get())
    assert "Add a passkey" not in profile(client)
