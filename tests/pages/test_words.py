"""Addresses, and names that are made of them, are no words: translators leave them alone."""

from html.parser import HTMLParser

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.urls import reverse

from allauth_moralis.testing import EvmWallet, SolanaWallet, sign_in

pytestmark = pytest.mark.django_db

VOID = {"input", "link", "meta", "img", "br", "hr"}
UNSEEN = {"title", "script", "style"}


class Translatable(HTMLParser):
    """The text of a page that a translator would take for words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("translate")))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        nearest = next((value for _, value in reversed(self.open) if value), "yes")
        if nearest != "no" and not any(tag in UNSEEN for tag, _ in self.open):
            self.texts.append(data)


def words_of(client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(Translatable(response.content.decode()).texts)


@pytest.fixture
def names(client, wallet, other_wallet) -> list[str]:
    """What is on the pages of somebody with several wallets, one of which has a label."""
    sign_in(client, wallet)
    client.get(reverse("moralis_profile"))  # with the greeting, which the next page has no more
    user = get_user_model().objects.get()
    solana, contract = SolanaWallet(), EvmWallet()
    uids = [other_wallet.address, solana.address, f"eip155:8453:{contract.address}"]
    for uid in uids:
        SocialAccount.objects.create(user=user, provider="moralis", uid=uid)
    labelled = SocialAccount.objects.get(uid=wallet.address)
    labelled.extra_data["label"] = "Spring"
    labelled.save()
    addresses = [wallet.address, other_wallet.address, solana.address, contract.address]
    shorts = [f"{address[:6]}…{address[-4:]}" for address in addresses]
    return [*addresses, *shorts, "Spring", user.get_username()]


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/accounts/profile/",
        "/accounts/3rdparty/",
        "/accounts/moralis/login/?process=connect",
        "/accounts/moralis/login/?process=reauthenticate",
    ],
)
def test_names_and_addresses_on_a_page_are_not_translated(client, names, url):
    words = words_of(client, url)

    assert "demo" in words
    assert [name for name in names if name in words] == []


def test_names_and_addresses_in_the_admin_are_not_translated(client, names):
    client.force_login(get_user_model().objects.create_superuser("root", password="x"))
    row = SocialAccount.objects.get(extra_data__label="Spring")

    for url in (
        reverse("admin:socialaccount_socialaccount_changelist"),
        reverse("admin:socialaccount_socialaccount_change", args=[row.pk]),
    ):
        words = words_of(client, url)
        assert "Django administration" in words
        assert [name for name in names if name in words] == [], url


def test_a_page_without_the_attribute_would_be_told():
    assert Translatable("<p>0xab <b translate=no>0xcd</b></p>").texts == ["0xab "]
