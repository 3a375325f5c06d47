"""The wallet page."""

import json
import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from ..ceremony import json_code, page_code, search, user_of
from .common import LOGIN

pytestmark = pytest.mark.django_db


def page_data(html: str) -> dict:
    return json.loads(search(r'id="moralis-page"[^>]*>(.*?)</script>', html, re.DOTALL)[1])


# --- The wallet page -----------------------------------------------------------------------------


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

    assert page_data(response.content.decode())["fields"] == asked


def test_markup_in_the_query_stays_text(client):
    html = client.get(LOGIN, {"state": "</script><script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in html


def test_linking_while_signed_out_says_what_to_do(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        html = client.get(LOGIN, {"process": "connect", "next": "/there/"}).content.decode()

    assert "Please sign in first." in html
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


def test_who_links_a_wallet_is_told_at_once_which_are_linked(client, wallet):
    assert page_data(client.get(LOGIN).content.decode())["linked"] == []
    sign_in(client, wallet)

    for process, linked in {"connect": [wallet.address], "login": [], "reauthenticate": []}.items():
        data = page_data(client.get(LOGIN, {"process": process}).content.decode())
        assert (data["linked"], data["signedIn"]) == (linked, True)


@pytest.mark.parametrize(
    ("accepted", "chain", "name"),
    [
        (None, None, None),
        ([8453, 137], 8453, "Base"),
        ([10, 137, 1], 1, "Ethereum"),
        ([4242], 4242, "chain 4242"),
    ],
)
def test_the_chain_to_which_a_wallet_may_switch(client, provider, accepted, chain, name):
    provider["CHAINS"] = accepted

    html = client.get(LOGIN).content.decode()

    assert page_data(html).get("chain") == chain
    assert name is None or f"Switch to {name}" in html


@pytest.mark.parametrize(
    ("agent", "links", "told"),
    [
        ("… Mobile/15E148 Safari/604.1", None, "This is what you can do:"),
        ("… Mobile/15E148 Safari/604.1", [], "Install a wallet extension"),
        ("… Safari/604.1", None, "Install a wallet extension"),
        (None, None, "Install a wallet extension"),
    ],
)
def test_only_a_phone_with_links_is_not_told_to_install_an_extension(
    client, provider, agent, links, told
):
    if links is not None:
        provider["WALLET_LINKS"] = links
    headers = {"user-agent": agent.replace("…", "Mozilla/5.0")} if agent else {}

    data = page_data(client.get(LOGIN, headers=headers).content.decode())

    assert told in data["texts"]["none"]


def test_the_name_of_the_provider_is_the_sites_own(client, wallet, provider):
    provider["NAME"] = "Crypto purse"
    sign_in(client, wallet)

    assert "Crypto purse" in client.get(reverse("socialaccount_connections")).content.decode()


def redirected(client, wallet, callback="/app/callback", process="login") -> str:
    """Start allauth's headless redirect flow; returns the state that the wallet page is given."""
    response = client.post(
        "/_allauth/browser/v1/auth/provider/redirect",
        {"provider": "moralis", "callback_url": callback, "process": process},
    )
    assert response.status_code == 302
    return search(rf"^{LOGIN}\?state=(\w+)$", response["Location"])[1]


# --- allauth's redirect flow ---------------------------------------------------------------------


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


def test_the_redirect_flow_tells_its_callback_that_a_wallet_is_linked_already(client, wallet):
    sign_in(client, wallet)
    state = redirected(client, wallet, process="connect")

    response = sign_in(client, wallet, state=state)

    assert response["Location"].startswith("/app/callback?error=wallet_already_linked")


@pytest.mark.parametrize("state", ["nonsense", "\x00", "x" * 4000])
def test_a_state_that_was_never_given(client, wallet, state):
    response = request_challenge(client, wallet, state=state)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


def test_a_state_of_another_browser(client, wallet, django_user_model):
    state = redirected(Client(), wallet)

    assert json_code(request_challenge(client, wallet, state=state)) == "invalid_request"


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        ("same-origin", "same-origin-allow-popups"),
        ("same-origin-allow-popups", "same-origin-allow-popups"),
        ("unsafe-none", "unsafe-none"),
        (None, None),
    ],
)
def test_window_of_a_wallet_can_answer_the_page(client, settings, policy, sent):
    """Django's default would cut it off, and the site's own choice counts otherwise."""
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = policy

    for response in (client.get(LOGIN), client.post(reverse("moralis_verify"))):
        assert response.get("Cross-Origin-Opener-Policy") == sent
