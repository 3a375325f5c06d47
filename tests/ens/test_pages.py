"""The places on pages into which a script puts the names."""

import pytest
from django.urls import reverse

from allauth_moralis.testing import SolanaWallet, sign_in

from .common import ADA, URL, link, place

pytestmark = pytest.mark.django_db

PAGES = ["moralis_profile", "socialaccount_connections"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_place_and_waits_for_no_node(client, ada, node, page):
    link(1, uid=f"eip155:8453:{ada}")

    html = client.get(reverse(page)).content.decode()

    assert html.count(place(ada)) == html.count("data-moralis-ens") == 1
    assert f'data-url="{URL}"' in html
    assert ADA not in html
    assert node.calls == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_none_for_a_wallet_of_another_network(client, node, page):
    sign_in(client, SolanaWallet())

    assert "data-moralis-ens" not in client.get(reverse(page)).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_neither_place_nor_script_where_names_are_off(client, ada, provider, page):
    provider["ENS"] = False

    html = client.get(reverse(page)).content.decode()

    assert "data-moralis-ens" not in html
    assert "names.js" not in html
