"""``{% moralis_wallets %}``: the picker in a page of the site's own."""

import json
import re

import pytest
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.template import Context, Template, TemplateSyntaxError
from django.urls import reverse, reverse_lazy

from allauth_moralis.reauthentication import SESSION_KEY, SIGNED_IN_KEY
from allauth_moralis.testing import sign_in

from ..ceremony import search
from .common import LOGIN

pytestmark = pytest.mark.django_db


def render(request, arguments: str = "", *, times: int = 1, **variables: object) -> str:
    tag = f"{{% moralis_wallets {arguments} %}}"
    template = Template("{% load moralis %}" + tag * times)
    with request_context(request):  # as allauth's middleware has it
        given = {"request": request, "csrf_token": "of this page", **variables}
        return template.render(Context(given))


def fields(html: str) -> dict:
    return json.loads(search(r'id="moralis-page"[^>]*>(.*?)</script>', html, re.DOTALL)[1])[
        "fields"
    ]


@pytest.fixture
def anonymous(rf):
    request = rf.get("/there/")
    request.user = AnonymousUser()
    return request


@pytest.fixture
def request_of(client, wallet, rf):
    """A request of somebody who came in with a wallet just now."""
    sign_in(client, wallet)
    response = client.get(reverse("moralis_profile"))
    request = rf.get("/there/")
    request.user, request.session = response.wsgi_request.user, client.session
    return request


def test_next_may_be_a_lazy_url(anonymous):
    """As class-based views keep it in ``success_url``."""
    html = render(anonymous, "next=there", there=reverse_lazy("home"))

    assert fields(html)["next"] == "/"


def test_it_asks_the_database_nothing(anonymous, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert 'data-moralis="picker"' in render(anonymous)


def test_log_in_page_writes_no_more_than_csrf_needs(client):
    response = client.get(reverse("account_login"))

    assert 'data-moralis="picker"' in response.content.decode()
    assert set(response.cookies) == {"csrftoken"}
    assert not Session.objects.exists()


def test_everything_that_it_needs_comes_with_it(anonymous):
    html = render(anonymous)

    assert 'name="csrfmiddlewaretoken" value="of this page"' in html
    assert re.search(r'<link rel="stylesheet" href="[^"]*moralis/moralis[^"]*\.css">', html)
    assert len(re.findall('<script type="module"', html)) == 1
    assert 'rel="modulepreload"' in html
    assert {'role="status"', 'role="alert"'} <= set(re.findall(r'role="\w+"', html))
    assert "needs JavaScript" in html


@pytest.mark.parametrize(
    ("query", "arguments", "leads_to"),
    [
        ("?next=/shop/", "", "/shop/"),
        ("?next=//evil.example", "", ""),
        ("?next=http://[::1", "", ""),
        ("", "", ""),
        ("?next=/shop/", 'next="/home/"', "/home/"),
        ("?next=/shop/", 'next=""', ""),
        ("", 'next="https://evil.example/"', ""),
    ],
)
def test_where_it_leads(rf, query, arguments, leads_to):
    request = rf.get(f"/there/{query}")
    request.user = AnonymousUser()

    assert fields(render(request, arguments)) == {"process": "login", "next": leads_to}


def test_where_a_log_in_form_leads_that_was_refused(client):
    """The page then has the address in the form that it was sent, and not in its own."""
    posted = {"login": "ada@example.com", "password": "wrong", "next": "/shop/"}

    html = client.post(reverse("account_login"), posted).content.decode()

    assert fields(html)["next"] == "/shop/"


def test_ids_are_not_given_twice(anonymous):
    ids = re.findall(r'\sid="([^"]+)"', render(anonymous, times=3))

    assert len(ids) == len(set(ids))
    assert {"moralis-form", "moralis-form-2", "moralis-form-3"} <= set(ids)


@pytest.mark.urls("tests.urls_development")
def test_development_wallet_comes_once(anonymous, on_this_machine):
    anonymous.META["HTTP_HOST"] = "localhost"

    assert render(anonymous, times=2).count('id="moralis-devwallet"') == 1


@pytest.mark.parametrize("process", ["device", "nonsense", ""])
def test_unknown_process_is_a_mistake_of_the_template(anonymous, process):
    with pytest.raises(TemplateSyntaxError, match="process is one of"):
        render(anonymous, f'process="{process}"')


def test_error_page_without_a_request_or_a_user_stays_empty(rf):
    assert Template("{% load moralis %}{% moralis_wallets %}").render(Context()).strip() == ""
    assert render(rf.get("/")).strip() == ""


def test_service_that_is_down_is_told_at_once(anonymous, provider, monkeypatch):
    monkeypatch.setattr("allauth_moralis.backends.local.LocalBackend.available", False)

    assert 'data-error-code="upstream_unavailable"' in render(anonymous)


# --- For who is signed in --------------------------------------------------------------------


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_who_must_sign_in_first_gets_a_link(anonymous, process):
    html = render(anonymous, f'process="{process}" next="/there/"')

    assert f'href="{LOGIN}?process={process}&amp;next=%2Fthere%2F"' in html
    assert "data-moralis" not in html


@pytest.mark.parametrize("process", ["login", "connect", "reauthenticate"])
def test_it_is_there_for_who_is_signed_in(request_of, wallet, process):
    html = render(request_of, f'process="{process}"')

    assert fields(html)["process"] == process
    assert (f'"linked": ["{wallet.address}"]' in html) == (process == "connect")


def test_sign_in_that_is_too_old_to_link_leads_to_the_page_that_confirms(request_of):
    request_of.session[SESSION_KEY] = {**request_of.session[SESSION_KEY], "at": 0}
    request_of.session[SIGNED_IN_KEY] = 0

    html = render(request_of, 'process="connect"')

    assert f'href="{LOGIN}?process=connect"' in html
    assert "Link a wallet" in html
    assert "data-moralis" not in html


def test_sign_in_that_is_too_old_and_cannot_be_confirmed_says_so(anonymous, django_user_model):
    """As of somebody whose account has neither a password nor a wallet."""
    user = django_user_model.objects.create_user("ada")
    user.set_unusable_password()
    user.save()
    anonymous.user, anonymous.session = user, {}

    assert 'data-error-code="login_required"' in render(anonymous, 'process="connect"')


# --- Where no wallet is found ----------------------------------------------------------------


def links(html: str) -> list[str]:
    none = search(r'data-moralis="none" hidden>(.*?)<template', html, re.DOTALL)[1]
    found = re.findall(r"<a ([^>]*)>([^<]+)</a>", none)
    assert all('rel="noopener noreferrer"' in attributes for attributes, _ in found[:-1])
    return [name for _, name in found]


@pytest.mark.parametrize(
    ("networks", "names"),
    [
        (["evm"], ["MetaMask", "Rabby", "Phantom"]),
        (["solana"], ["Phantom", "Solflare"]),
        (["aptos"], ["Petra"]),
        (["evm", "solana", "aptos"], ["MetaMask", "Rabby", "Phantom", "Solflare", "Petra"]),
    ],
)
def test_where_to_get_a_wallet_for_what_the_site_offers(anonymous, provider, networks, names):
    provider.update(NETWORKS=networks, WALLET_LINKS=[])

    assert links(render(anonymous)) == [*names, "Sign in by e-mail instead"]


def test_way_back_by_email_is_not_offered_where_it_is(client, anonymous, settings):
    log_in_page = client.get(reverse("account_login"), {"next": "/there/"}).content.decode()
    wallet_page = client.get(LOGIN).content.decode()

    assert "Sign in by e-mail instead" not in log_in_page
    assert wallet_page.count("Sign in by e-mail instead") == 1
    settings.SOCIALACCOUNT_ONLY = True
    assert "Sign in by e-mail instead" not in render(anonymous)


def test_way_back_by_email_is_for_signing_in(request_of):
    assert "Sign in by e-mail instead" not in render(request_of, 'process="connect"')


def test_list_of_wallets_is_the_sites_to_change(anonymous, settings, provider):
    provider["WALLET_LINKS"] = []
    own = {"moralis/snippets/get_a_wallet.html": "<p>Ask the help desk for one.</p>"}
    (engine,) = settings.TEMPLATES
    loaders = [
        ("django.template.loaders.locmem.Loader", own),
        "django.template.loaders.app_directories.Loader",
    ]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]

    html = render(anonymous)

    assert "Ask the help desk for one." in html
    assert "metamask.io" not in html
