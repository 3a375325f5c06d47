"""People's own names for their wallets."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import SolanaWallet, sign_in

from .ceremony import page_code, user_of

pytestmark = pytest.mark.django_db


def name(client, wallet, label, **fields):
    row = SocialAccount.objects.get(uid=wallet.address)
    return client.post(reverse("moralis_label"), {"account": row.pk, "label": label, **fields})


def row_of(wallet):
    return SocialAccount.objects.values().get(uid=wallet.address)


def test_wallet_is_shown_with_the_name_that_its_owner_gave_it(client, wallet):
    sign_in(client, wallet)
    before = row_of(wallet)

    response = name(client, wallet, "  Ledger  in the\tdrawer ")

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")
    for url in ("moralis_profile", "socialaccount_connections"):
        html = client.get(reverse(url)).content.decode()
        assert f"Ledger in the drawer · {wallet.address[:6]}…" in html
    after = row_of(wallet)
    assert after["last_login"] == before["last_login"]
    assert after.pop("extra_data") == {
        **before.pop("extra_data"),
        "label": "Ledger in the drawer",
    }
    assert after == before


def test_name_survives_sign_ins(client, wallet):
    sign_in(client, wallet)
    name(client, wallet, "Ledger")

    sign_in(Client(), wallet)
    sign_in(client, wallet, process="connect")

    data = row_of(wallet)["extra_data"]
    assert data["label"] == "Ledger"
    assert data["verified"]["address"] == wallet.address


def test_empty_name_removes_the_name(client, wallet):
    sign_in(client, wallet)
    name(client, wallet, "Ledger")

    name(client, wallet, " ")

    assert "label" not in row_of(wallet)["extra_data"]


def test_name_is_removed_with_the_wallet(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    name(client, other_wallet, "Ledger")
    SocialAccount.objects.get(uid=other_wallet.address).delete()

    sign_in(client, other_wallet, process="connect")

    assert "label" not in row_of(other_wallet)["extra_data"]


def test_headless_clients_see_the_name(client):
    wallet = SolanaWallet()
    sign_in(client, wallet)
    name(client, wallet, "Phone")

    data = client.get("/_allauth/browser/v1/account/providers").json()["data"]

    assert data[0]["display"].startswith("Phone · ")
    assert data[0]["display"].endswith(" (Solana)")


def test_markup_is_escaped_and_bidirectional_characters_are_dropped(client, wallet):
    sign_in(client, wallet)

    name(client, wallet, "<b>\u202eevil\u0000</b>")

    html = client.get(reverse("moralis_profile")).content.decode()
    assert "&lt;b&gt;evil&lt;/b&gt;" in html
    assert "<b>evil" not in html


BLANK = [
    *("\u3164", "\u115f\u1160", "\uffa0", "\u2800\u2800", "\U0001d159", "\u200b\u2060"),
    *("\ufe0f", "\u034f", "\u0301\u0302", "\u3164 \u2800\u00a0\u3000"),
]


@pytest.mark.parametrize("label", BLANK, ids=ascii)
def test_blank_name_is_not_a_name(client, wallet, label):
    sign_in(client, wallet)
    name(client, wallet, "Ledger")

    assert name(client, wallet, label).status_code == 302

    assert "label" not in row_of(wallet)["extra_data"]


@pytest.mark.parametrize(
    ("label", "stored"),
    [
        ("Led\u3164ger", "Ledger"),
        ("a \u2800 b", "a b"),
        ("Z" + "\u0301" * 30 + "algo", "Z" + "\u0301" * 4 + "algo"),
        ("a" + "\u0301\u0489" * 10, "a" + "\u0301\u0489" * 2),
        ("\u0301\u0302x", "x"),
        ("a\u0301\u0302\u0303\u0304b", "a\u0301\u0302\u0303\u0304b"),
        ("1\ufe0f\u20e3 दुर्ग क्ष्म்ையி ที่นี่ གཀྵྨ", "1\ufe0f\u20e3 दुर्ग क्ष्म்ையி ที่นี่ གཀྵྨ"),
        ("한국 지갑", "한국 지갑"),
    ],
    ids=ascii,
)
def test_readable_characters_are_kept(client, wallet, label, stored):
    sign_in(client, wallet)

    assert name(client, wallet, label).status_code == 302

    assert row_of(wallet)["extra_data"]["label"] == stored


def test_name_of_more_than_forty_characters_is_refused(client, wallet):
    sign_in(client, wallet)
    assert name(client, wallet, "x" * 40).status_code == 302

    response = name(client, wallet, "x" * 41)

    assert (response.status_code, page_code(response)) == (400, "invalid_request")
    assert row_of(wallet)["extra_data"]["label"] == "x" * 40
    assert "Your wallets" in response.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"account": "1"},
        {"label": "x"},
        {"account": "x", "label": "x"},
        {"account": "9" * 30, "label": "x"},
        {"account": "-1", "label": "x"},
    ],
)
def test_name_without_a_wallet_is_refused(client, wallet, fields):
    sign_in(client, wallet)

    assert page_code(client.post(reverse("moralis_label"), fields)) == "invalid_request"


def test_naming_another_accounts_wallet_is_refused(client, wallet, other_wallet):
    sign_in(Client(), other_wallet)
    before = row_of(other_wallet)
    sign_in(client, wallet)

    assert page_code(name(client, other_wallet, "mine")) == "invalid_request"
    assert row_of(other_wallet) == before


def test_naming_another_providers_account_is_refused(client, wallet):
    sign_in(client, wallet)
    row = SocialAccount.objects.create(
        user=get_user_model().objects.get(), provider="google", uid="1"
    )

    response = client.post(reverse("moralis_label"), {"account": row.pk, "label": "x"})

    assert page_code(response) == "invalid_request"


def test_row_that_was_edited_by_hand_is_refused(client, wallet):
    sign_in(client, wallet)
    SocialAccount.objects.update(extra_data=["odd"])

    assert page_code(name(client, wallet, "x")) == "invalid_request"
    assert sign_in(Client(), wallet).status_code == 302


def test_naming_requires_a_sign_in(client, wallet):
    sign_in(client, wallet)
    client.logout()

    response = name(client, wallet, "x")

    assert response["Location"].startswith("/accounts/login/")
    assert "label" not in row_of(wallet)["extra_data"]
    sign_in(client, wallet)  # and then there:
    there = client.get(parse_qs(urlsplit(response["Location"]).query)["next"][0])
    assert (there.status_code, there["Location"]) == (302, reverse("moralis_profile"))


def test_naming_requires_a_csrf_token(wallet):
    client = Client(enforce_csrf_checks=True)
    sign_in(other := Client(), wallet)
    client.force_login(get_user_model().objects.get(pk=user_of(other)))

    assert client.put(reverse("moralis_label")).status_code == 405
    assert name(client, wallet, "x").status_code == 403


def test_body_that_is_too_large_is_refused(client, wallet):
    sign_in(client, wallet)

    assert page_code(name(client, wallet, "x", more="x" * 20_000)) == "invalid_request"
