"""The profile page, and the ways on from there."""

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse

from allauth_moralis.provider import MoralisProvider
from allauth_moralis.testing import answer, obtain_challenge, sign_in

from ..ceremony import search, user_of
from .common import LOGIN

pytestmark = pytest.mark.django_db

# --- The profile page ----------------------------------------------------------------------------


def test_it_shows_everything_that_was_verified(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet, chain_id=137)
    signature = wallet.sign(message)
    answer(client, challenge, signature)

    html = client.get(reverse("moralis_profile")).content.decode()

    data = SocialAccount.objects.get().extra_data
    for name, value in data["verified"].items():
        assert f'<dt lang="en" translate="no">{name}</dt>' in html
        assert str(value) in html
    assert signature in html
    assert message in html
    assert data["verified_at"].replace("+", "&#x2B;") in html or data["verified_at"] in html
    assert f"https://polygonscan.com/address/{wallet.address}" in html
    assert ("by the Moralis Auth API and by this site." in html) == (backend == "moralis")


def test_it_shows_the_ways_on(client, wallet):
    sign_in(client, wallet)

    html = client.get(reverse("moralis_profile")).content.decode()

    for name in (
        "account_email",
        "account_set_password",
        "socialaccount_connections",
        "mfa_index",
        "usersessions_list",
    ):
        assert f'href="{reverse(name)}"' in html
    assert f'<form method="post" action="{reverse("account_logout")}"' in html
    assert f'href="{LOGIN}?process=connect&amp;next=%2Faccounts%2Fprofile%2F"' in html


def test_it_is_there_for_people_without_a_wallet(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada", password="x"))

    html = client.get(reverse("moralis_profile")).content.decode()

    assert "No wallet is linked to your account yet." in html
    assert f'href="{reverse("account_change_password")}"' in html


def test_it_shows_ones_own_wallets_alone(client, wallet, other_wallet):
    sign_in(client, other_wallet)
    client.logout()
    sign_in(client, wallet)

    html = client.get(reverse("moralis_profile")).content.decode()

    assert wallet.address in html
    assert other_wallet.address not in html


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        "text",
        {"verified": []},
        {"network": ["x"]},
        {"verified_at": "never"},
        {"verified_at": 5},
        {"verified_at": "0001-01-01T00:00:00+14:00"},
        {"verified_at": "9999-12-31T23:59:59-14:00"},
        {"verified": {"items": [1]}},
        {"verified": {"resources": 5}},
        {"label": ["x"]},
    ],
)
def test_it_stands_rows_that_were_not_written_by_us(client, wallet, data):
    sign_in(client, wallet)
    SocialAccount.objects.update(extra_data=data)

    response = client.get(reverse("moralis_profile"))

    assert response.status_code == 200
    assert wallet.address in response.content.decode()


def test_it_costs_the_same_with_one_wallet_and_with_many(
    client, wallet, django_assert_max_num_queries
):
    sign_in(client, wallet)
    user = SocialAccount.objects.get().user
    for number in range(30):
        SocialAccount.objects.create(
            user=user, provider="moralis", uid=f"0x{number:040x}", extra_data={}
        )

    with django_assert_max_num_queries(6):
        client.get(reverse("moralis_profile"))
    with django_assert_max_num_queries(8):
        client.get(reverse("socialaccount_connections"))


def test_resources_are_shown_as_they_are(client, wallet):
    sign_in(client, wallet)
    row = SocialAccount.objects.get()
    row.extra_data["verified"]["resources"] = ["https://a.example/", "https://b.example/"]
    row.save()

    html = client.get(reverse("moralis_profile")).content.decode()

    assert "https://a.example/ https://b.example/" in html


def test_the_last_way_in_stays_and_the_page_says_why(client, wallet):
    sign_in(client, wallet)
    row = SocialAccount.objects.get()

    response = client.post(reverse("socialaccount_connections"), {"account": row.pk})

    assert SocialAccount.objects.filter(pk=row.pk).exists()
    assert "This is the only way into your account." in response.content.decode()


def test_removing_nothing_says_so(client, wallet):
    sign_in(client, wallet)

    response = client.post(reverse("socialaccount_connections"), {})

    assert "This field is required." in response.content.decode()


def test_the_connections_page_names_the_wallet(client, wallet):
    sign_in(client, wallet)

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert f"{wallet.address[:6]}…{wallet.address[-4:]}" in html


@pytest.mark.parametrize(
    ("chain_id", "explorer"),
    [
        (1, "https://etherscan.io"),
        (None, "https://etherscan.io"),
        (8453, "https://basescan.org"),
        (424242, "https://blockscan.com"),
    ],
)
def test_the_explorer_of_the_chain(wallet, chain_id, explorer):
    row = SocialAccount(provider="moralis", uid=wallet.address, extra_data={"chain_id": chain_id})

    assert row.get_profile_url() == f"{explorer}/address/{wallet.address}"


# --- The provider --------------------------------------------------------------------------------


def test_it_needs_no_social_app(rf: RequestFactory):
    provider = get_adapter().get_provider(rf.get("/"), "moralis")

    assert isinstance(provider, MoralisProvider)
    assert (provider.id, str(provider), provider.app) == ("moralis", "Wallet", None)
    assert provider.get_login_url(rf.get("/")) == LOGIN
    assert provider.get_login_url(rf.get("/"), process="connect") == f"{LOGIN}?process=connect"


def test_a_user_name_of_the_sites_own_stays(client, wallet, monkeypatch):
    def populate(self, request, sociallogin, data):
        sociallogin.user.username = "chosen"
        return sociallogin.user

    monkeypatch.setattr(DefaultSocialAccountAdapter, "populate_user", populate)

    sign_in(client, wallet)

    assert SocialAccount.objects.get().user.username == "chosen"


def test_the_admin_asks_for_the_second_factor_as_the_site_does(client):
    response = client.get("/admin/login/?next=/admin/")

    assert response["Location"].startswith(reverse("account_login"))


# --- E-mail beside it ----------------------------------------------------------------------------


def test_people_can_sign_up_and_in_by_email_and_then_link_a_wallet(client, wallet):
    form = {
        "email": "ada@example.com",
        "password1": "correct horse!",
        "password2": "correct horse!",
    }
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert user_of(client) is None
    key = search(r"/accounts/confirm-email/[^/\s]+/", mail.outbox[0].body)[0]
    client.post(key)
    assert EmailAddress.objects.get(email="ada@example.com").verified
    client.logout()
    client.post(
        reverse("account_login"), {"login": "ada@example.com", "password": "correct horse!"}
    )
    user = user_of(client)
    assert user is not None

    sign_in(client, wallet, process="connect")
    client.logout()
    sign_in(client, wallet)

    assert user_of(client) == user


def test_signing_up_by_email_does_not_tell_who_has_an_account(client, django_user_model):
    user = django_user_model.objects.create_user("ada", "ada@example.com", "x")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    form = {"password1": "correct horse!", "password2": "correct horse!"}

    taken = client.post(reverse("account_signup"), {"email": "ada@example.com", **form})
    free = Client().post(reverse("account_signup"), {"email": "bob@example.com", **form})

    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])


def test_a_forgotten_password_can_be_reset(client, django_user_model):
    django_user_model.objects.create_user("ada", "ada@example.com", "x")

    client.post(reverse("account_reset_password"), {"email": "ada@example.com"})

    assert "/accounts/password/reset/key/" in mail.outbox[0].body


def test_the_start_page(client, wallet):
    assert f'href="{LOGIN}"' in client.get("/").content.decode()
    sign_in(client, wallet)
    assert 'href="/accounts/profile/"' in client.get("/").content.decode()


# --- Sites that have less ------------------------------------------------------------------------


def test_a_site_with_social_accounts_only_offers_no_way_by_email(client, settings):
    assert "Sign in by e-mail" in client.get(LOGIN).content.decode()
    settings.SOCIALACCOUNT_ONLY = True

    assert "Sign in by e-mail" not in client.get(LOGIN).content.decode()


@pytest.mark.urls("tests.urls_without_pages")
def test_a_site_without_allauths_pages(client, wallet, settings):
    """Its front end is elsewhere, and is told there how it went."""
    settings.HEADLESS_ONLY = True
    settings.HEADLESS_FRONTEND_URLS = {"socialaccount_login_error": "/app/error"}

    assert "Sign in by e-mail" not in client.get("/moralis/login/").content.decode()
    response = sign_in(client, wallet)

    assert (response.status_code, response["Location"]) == (302, "/profile/")
    assert user_of(client) is not None


@pytest.mark.urls("tests.urls_without_pages")
def test_a_site_without_allauths_pages_is_told_of_a_wallet_of_another_account(
    client, wallet, other_wallet, settings
):
    settings.HEADLESS_ONLY = True
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)

    response = sign_in(client, other_wallet, process="connect", next="/app/wallets?a=b")

    assert response.status_code == 302
    assert response["Location"].startswith("/app/wallets?a=b&error=connected_other")
