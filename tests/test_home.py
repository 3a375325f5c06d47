"""Whoever signs in lands on this site, where Django's defaults would lead beside it."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import clear_script_prefix, include, path, reverse, set_script_prefix
from django.views import View

from allauth_moralis.internal import home
from allauth_moralis.reauthentication import WalletProofRequiredMixin, wallet_proof_required
from allauth_moralis.testing import sign_in

pytestmark = pytest.mark.django_db


class Guarded(WalletProofRequiredMixin, View):
    pass


@login_not_required
def own(request):
    return HttpResponse("the site's own")


accounts = path("auth/", include("allauth.urls"))


WITH_PAGES_OF_ITS_OWN = (
    path("accounts/profile/", own),
    path("accounts/login/", own),
    accounts,
)
WITH_ALLAUTH_ELSEWHERE = (
    accounts,
    path("guarded/", wallet_proof_required(own)),
    path("class/", Guarded.as_view()),
)
WITHOUT_PAGES = (path("auth/", include("allauth_moralis.urls")),)


@pytest.fixture
def prefix():
    set_script_prefix("/app/")
    yield
    clear_script_prefix()


@pytest.fixture(autouse=True)
def defaults(settings) -> None:
    settings.LOGIN_REDIRECT_URL, settings.LOGIN_URL = "/accounts/profile/", "/accounts/login/"


def test_site_at_the_root():
    assert (home.after_sign_in(), home.log_in_page()) == ("/accounts/profile/", "/accounts/login/")


def test_site_below_a_prefix(prefix):
    assert home.after_sign_in() == "/app/accounts/profile/"
    assert home.log_in_page() == "/app/accounts/login/"


@pytest.mark.urls(WITH_PAGES_OF_ITS_OWN)
def test_site_with_pages_of_its_own_there():
    assert (home.after_sign_in(), home.log_in_page()) == ("/accounts/profile/", "/accounts/login/")


@pytest.mark.urls(WITH_ALLAUTH_ELSEWHERE)
def test_site_with_allauth_elsewhere(client, wallet):
    assert (home.after_sign_in(), home.log_in_page()) == ("/auth/profile/", "/auth/login/")

    for url in (reverse("moralis_profile"), "/guarded/", "/class/"):
        assert client.get(url)["Location"] == f"/auth/login/?next={url}"
    assert sign_in(client, wallet)["Location"] == "/auth/profile/"
    client.logout()
    assert sign_in(client, wallet)["Location"] == "/auth/profile/"
    assert sign_in(client, wallet, process="reauthenticate")["Location"] == "/auth/profile/"


@pytest.mark.urls(WITHOUT_PAGES)
def test_site_without_a_page_to_log_in():
    assert home.log_in_page() == "/accounts/login/"


@pytest.mark.parametrize("url", ["/elsewhere/", "https://app.example.com/"])
def test_address_that_a_site_has_set_stands(settings, prefix, url):
    settings.LOGIN_REDIRECT_URL = settings.LOGIN_URL = url

    assert (home.after_sign_in(), home.log_in_page()) == (url, url)
