"""The wallet page and the profile page, as they come from the server."""

import gzip
import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse

import allauth_moralis
from allauth_moralis.provider import MoralisProvider
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import json_code, page_code, user_of

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/moralis/login/"


def page_data(html: str) -> dict:
    return json.loads(re.search(r'id="moralis-page"[^>]*>(.*?)</script>', html, re.DOTALL)[1])


# --- The wallet page -------------------------------------------------------------------------


@pytest.mark.parametrize("process", ["login", "connect", "reauthenticate"])
def test_it_writes_nothing_and_asks_the_database_nothing(
    client, django_assert_num_queries, process
):
    with django_assert_num_queries(0):
        response = client.get(LOGIN, {"process": process, "next": "/there/"})

    assert response.status_code == 200
    assert "sessionid" not in response.cookies
    assert not Session.objects.exists()


def test_a_thousand_views_leave_no_row(client):
    for _ in range(1000):
        client.get(LOGIN)

    assert not Session.objects.exists()
    assert not get_user_model().objects.exists()


def test_it_is_where_allauths_own_links_lead(client):
    html = client.get(reverse("account_login"), {"next": "/there/"}).content.decode()

    assert f'href="{LOGIN}?process=login&amp;next=%2Fthere%2F"' in html


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, {"process": "login", "next": ""}),
        ({"process": "connect"}, {"process": "connect", "next": ""}),
        ({"process": "nonsense"}, {"process": "login", "next": ""}),
        ({"next": "/there/?a=b"}, {"process": "login", "next": "/there/?a=b"}),
        ({"next": "//evil.example"}, {"process": "login", "next": ""}),
        ({"next": "http://[::1"}, {"process": "login", "next": ""}),
        ({"next": "javascript:alert(1)"}, {"process": "login", "next": ""}),
        ({"state": "abc", "process": "connect"}, {"state": "abc"}),
    ],
)
def test_what_its_script_will_ask(client, wallet, query, asked):
    sign_in(client, wallet)

    response = client.get(LOGIN, query)

    assert page_data(response.content.decode())["asked"] == asked


def test_markup_in_the_query_stays_text(client):
    html = client.get(LOGIN, {"state": "</script><script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in html


def test_linking_while_signed_out_says_what_to_do(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        html = client.get(LOGIN, {"process": "connect", "next": "/there/"}).content.decode()

    assert "Sign in first." in html
    assert 'href="/accounts/login/?next=%2Faccounts%2Fmoralis%2Flogin%2F' in html
    assert 'id="moralis-form"' not in html


def test_linking_while_signed_out_where_there_is_no_way_by_email(client, settings):
    settings.SOCIALACCOUNT_ONLY = True

    html = client.get(LOGIN, {"process": "connect"}).content.decode()

    assert f'href="{LOGIN}?next=%2Faccounts%2Fmoralis%2Flogin%2F%3Fprocess%3Dconnect"' in html


def test_the_name_of_the_header_for_the_csrf_token_is_the_sites_own(client, settings):
    assert page_data(client.get(LOGIN).content.decode())["csrfHeader"] == "X-CSRFTOKEN"
    settings.CSRF_HEADER_NAME = "HTTP_X_XSRF_TOKEN"

    assert page_data(client.get(LOGIN).content.decode())["csrfHeader"] == "X-XSRF-TOKEN"


def test_it_has_no_inline_script_or_style(client):
    html = client.get(LOGIN).content.decode()

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    scripts = re.findall(r"<script([^>]*)>", html)
    assert all("src=" in attributes or "application/json" in attributes for attributes in scripts)


def test_the_content_security_policy_of_the_demo(client):
    policy = client.get(LOGIN)["Content-Security-Policy"]

    assert {directive.strip() for directive in policy.split(";")} == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    }


def test_it_is_not_kept_by_caches(client):
    assert "no-store" in client.get(LOGIN)["Cache-Control"]


def test_the_script_is_small(client):
    """Ten kilobytes compressed, of a page that loads nothing else of ours."""
    script = Path(allauth_moralis.__file__).parent / "static" / "moralis" / "moralis.js"
    assert len(gzip.compress(script.read_bytes())) < 10 * 1024


def test_the_name_of_the_provider_is_the_sites_own(client, wallet, provider):
    provider["NAME"] = "Crypto purse"
    sign_in(client, wallet)

    assert "Crypto purse" in client.get(reverse("socialaccount_connections")).content.decode()


# --- allauth's redirect flow ------------------------------------------------------------------


def redirected(client, wallet, callback="/app/callback", process="login") -> str:
    """Start allauth's headless redirect flow; returns the state that the wallet page is given."""
    response = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "callback_url": callback, "process": process},
    )
    assert response.status_code == 302
    return re.fullmatch(rf"{LOGIN}\?state=(\w+)", response["Location"])[1]


def test_the_redirect_flow_ends_at_its_callback(client, wallet):
    state = redirected(client, wallet)

    assert client.get(LOGIN, {"state": state}).status_code == 200
    response = sign_in(client, wallet, state=state)

    assert (response.status_code, response["Location"]) == (302, "/app/callback")
    assert user_of(client) is not None


def test_the_page_of_the_redirect_flow_can_ask_again(client, wallet, other_wallet):
    state = redirected(client, wallet)
    challenge, message = obtain_challenge(client, wallet, state=state)
    assert page_code(answer(client, challenge, other_wallet.sign(message))) == "signature_invalid"

    response = sign_in(client, wallet, state=state)

    assert response["Location"] == "/app/callback"


def test_the_redirect_flow_tells_its_callback_what_failed(client, wallet, other_wallet):
    sign_in(client, other_wallet)
    client.logout()
    sign_in(client, wallet)
    state = redirected(client, wallet, process="connect")

    response = sign_in(client, other_wallet, state=state)

    assert response["Location"].startswith("/app/callback?error=connected_other")
    assert SocialAccount.objects.get(uid=other_wallet.address).user_id != user_of(client)


@pytest.mark.parametrize("state", ["nonsense", "\x00", "x" * 4000])
def test_a_state_that_was_never_given(client, wallet, state):
    response = request_challenge(client, wallet, state=state)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_state_of_another_browser(client, wallet, django_user_model):
    state = redirected(Client(), wallet)

    assert json_code(request_challenge(client, wallet, state=state)) == "invalid_request"


# --- The profile page ------------------------------------------------------------------------


def test_it_shows_everything_that_was_verified(client, wallet, backend):
    challenge, message = obtain_challenge(client, wallet, chain_id=137)
    signature = wallet.sign(message)
    answer(client, challenge, signature)

    html = client.get(reverse("moralis_profile")).content.decode()

    data = SocialAccount.objects.get().extra_data
    for name, value in data["verified"].items():
        assert f"<dt>{name}</dt>" in html
        assert str(value) in html
    assert signature in html
    assert message in html
    assert data["verified_at"].replace("+", "&#x2B;") in html or data["verified_at"] in html
    assert f"https://polygonscan.com/address/{wallet.address}" in html
    assert ("by the Moralis Auth API, and by this site." in html) == (backend == "moralis")


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
    assert "This is the last way into your account." in response.content.decode()


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


# --- The provider ----------------------------------------------------------------------------


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


# --- E-mail beside it ------------------------------------------------------------------------


def test_people_can_sign_up_and_in_by_email_and_then_link_a_wallet(client, wallet):
    form = {
        "email": "ada@example.com",
        "password1": "correct horse!",
        "password2": "correct horse!",
    }
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert user_of(client) is None
    key = re.search(r"/accounts/confirm-email/[^/\s]+/", mail.outbox[0].body)[0]
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


# --- Sites that have less ---------------------------------------------------------------------


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

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")
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
