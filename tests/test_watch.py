"""``{% moralis_wallet_watch %}``: for whom it is there, and what it says to its script."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template, TemplateSyntaxError
from django.urls import reverse

from allauth_moralis.reauthentication import SESSION_KEY
from allauth_moralis.testing import AptosWallet, SolanaWallet, sign_in

from .ceremony import user_of

pytestmark = pytest.mark.django_db


def test_it_is_there_for_who_came_in_with_a_wallet(client, wallet):
    sign_in(client, wallet)

    html = client.get(reverse("moralis_profile")).content.decode()

    assert (
        f'data-network="evm" data-wallet="{wallet.address}" data-on-change="banner" hidden' in html
    )
    assert 'href="/accounts/moralis/login/?next=%2Faccounts%2Fprofile%2F"' in html
    assert "moralis/watch.js" in html


def test_it_is_not_there_for_others(client, django_user_model):
    assert "moralis-watch" not in client.get("/").content.decode()
    client.force_login(django_user_model.objects.create_user("ada"))
    assert "moralis-watch" not in client.get("/").content.decode()


def test_it_is_there_for_who_came_in_with_a_solana_wallet(client):
    wallet = SolanaWallet()
    sign_in(client, wallet)

    html = client.get("/").content.decode()

    assert f'data-network="solana" data-wallet="{wallet.address}"' in html


def test_it_is_not_there_for_wallets_that_it_cannot_watch(client, provider):
    provider["NETWORKS"] = ["aptos"]
    sign_in(client, AptosWallet())

    assert user_of(client)
    assert "moralis-watch" not in client.get("/").content.decode()


@pytest.fixture
def request_of(rf, django_user_model, wallet):
    request = rf.get("/there/")
    request.user = django_user_model.objects.create_user("ada")
    request.session = {SESSION_KEY: {"user": str(request.user.pk), "uid": wallet.address, "at": 0}}
    return request


def render(request, tag: str) -> str:
    return Template(f"{{% load moralis %}}{{% {tag} %}}").render(Context({"request": request}))


def test_it_can_sign_out_instead(request_of):
    html = render(request_of, 'moralis_wallet_watch on_change="logout"')

    assert 'data-on-change="logout"' in html
    assert 'action="/accounts/logout/"' in html


def test_it_knows_two_ways_to_react(request_of):
    with pytest.raises(TemplateSyntaxError, match="on_change"):
        render(request_of, 'moralis_wallet_watch on_change="explode"')


@pytest.mark.urls("tests.urls_without_pages")
def test_a_site_without_a_page_to_sign_out(request_of):
    assert "moralis-watch-logout" not in render(request_of, "moralis_wallet_watch")


def test_a_page_without_a_request():
    """As the one for errors is."""
    html = Template("{% load moralis %}{% moralis_wallet_watch %}").render(Context())

    assert "moralis-watch" not in html


@pytest.mark.parametrize(
    "tag",
    ["moralis_wallet_watch", "moralis_one_way_in", "moralis_current_wallet", "moralis_goes_on"],
)
def test_an_error_before_anybody_is_known(rf, tag):
    """As of a middleware that comes before Django's for authentication."""
    assert render(rf.get("/"), tag).strip() in ("", "None")


def test_nobody_is_signed_in(rf):
    request = rf.get("/")
    request.user = AnonymousUser()

    assert "moralis-watch" not in render(request, "moralis_wallet_watch")
