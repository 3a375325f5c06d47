"""The links that open a page in a wallet's own browser, to the letter."""

import re
from urllib.parse import unquote

import pytest
from django.urls import reverse

from allauth_moralis.internal.wallet_links import links_to

PAGE = "https://example.com/accounts/moralis/login/?process=login&next=%2Fthere%2F"
ENCODED = (
    "https%3A%2F%2Fexample.com%2Faccounts%2Fmoralis%2Flogin%2F%3Fprocess%3Dlogin%26next%3D"
    "%252Fthere%252F"
)
TWICE = (
    "https%253A%252F%252Fexample.com%252Faccounts%252Fmoralis%252Flogin%252F%253Fprocess%253D"
    "login%2526next%253D%25252Fthere%25252F"
)
ORIGIN = "https%3A%2F%2Fexample.com"

METAMASK = (
    "https://link.metamask.io/dapp/example.com/accounts/moralis/login/"
    "?process=login&next=%2Fthere%2F"
)
OKX = f"https://web3.okx.com/download?deeplink=okx%3A%2F%2Fwallet%2Fdapp%2Furl%3FdappUrl%3D{TWICE}"
BY_NETWORK = {
    "evm": {
        "MetaMask": METAMASK,
        "Trust Wallet": f"https://link.trustwallet.com/open_url?coin_id=60&url={ENCODED}",
        "Phantom": f"https://phantom.app/ul/browse/{ENCODED}?ref={ORIGIN}",
        "OKX Wallet": OKX,
        "Base": f"https://go.cb-w.com/dapp?cb_url={ENCODED}",
    },
    "solana": {
        "MetaMask": METAMASK,
        "Trust Wallet": f"https://link.trustwallet.com/open_url?coin_id=501&url={ENCODED}",
        "Phantom": f"https://phantom.app/ul/browse/{ENCODED}?ref={ORIGIN}",
        "OKX Wallet": OKX,
        "Solflare": f"https://solflare.com/ul/v1/browse/{ENCODED}?ref={ORIGIN}",
    },
    "aptos": {
        "OKX Wallet": OKX,
        "Petra": f"https://petra.app/explore?link={ENCODED}",
    },
}


@pytest.mark.parametrize("network", BY_NETWORK)
def test_links_of_a_network_are_what_the_vendors_document(provider, network):
    provider["NETWORKS"] = [network]

    assert {link["name"]: link["url"] for link in links_to(PAGE)} == BY_NETWORK[network]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["moralis_login", "account_login"])
@pytest.mark.parametrize("host", ["[:1]", "[1:2:3]", "[::1]:8000", "a..b", "-"])
def test_host_that_is_none_fails_no_page(client, settings, name, host):
    """Where a site leaves the check of the Host header to its proxy, Django lets these through."""
    settings.ALLOWED_HOSTS = ["*"]

    response = client.get(reverse(name), HTTP_HOST=host)

    assert response.status_code == 200
    assert f"https://link.metamask.io/dapp/{host}/accounts/" in response.content.decode()


def test_wallet_of_several_networks_is_offered_once_and_the_flaky_one_last(provider):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]

    links = links_to(PAGE)

    names = [link["name"] for link in links]
    assert sorted(names) == sorted(set(names))
    assert names[-1] == "Base"
    trust = next(link["url"] for link in links if link["name"] == "Trust Wallet")
    assert "coin_id=60&" in trust


def test_nested_address_is_found_again_by_decoding_twice():
    okx = next(link["url"] for link in links_to(PAGE) if link["name"] == "OKX Wallet")

    (deeplink,) = re.findall("deeplink=(.*)", okx)
    inner = unquote(deeplink).partition("dappUrl=")[2]
    assert unquote(inner) == PAGE


def test_site_replaces_the_links(provider):
    provider["WALLET_LINKS"] = [
        {"name": "Own", "networks": ["evm"], "url": "own://{bare}|{url}|{encoded}|{origin}|{x}"},
        {"name": "Never", "networks": ["aptos"], "url": "never://{url}"},
    ]

    assert links_to("http://localhost:8000/a") == [
        {
            "name": "Own",
            "url": "own://localhost:8000/a|http://localhost:8000/a"
            "|http%3A%2F%2Flocalhost%3A8000%2Fa|http%3A%2F%2Flocalhost%3A8000|{x}",
        }
    ]


def test_site_offers_none(provider):
    provider["WALLET_LINKS"] = []

    assert links_to(PAGE) == []


def test_wallet_page_links_to_itself_with_what_it_is_for_and_nothing_else(client):
    url = reverse("moralis_login")
    page = client.get(url, {"process": "login", "next": "/there/", "state": "x", "utm": "y"})

    links = {link["name"]: link["url"] for link in page.context["wallet_links"]}
    assert links["MetaMask"] == METAMASK.replace("example.com", "testserver")
