"""Proving again with the wallet: a third purpose, for views that must be sure who sits there."""

import time

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.signals import social_account_removed
from django.db import connections as django_connections
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse
from django.views import View

from allauth_moralis.reauthentication import (
    HELD_UP_KEY,
    SESSION_KEY,
    WalletProofRequiredMixin,
    current_wallet,
    wallet_proof_required,
)
from allauth_moralis.testing import answer, obtain_challenge, request_challenge, sign_in

from .ceremony import age, give_password, json_code, page_code, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@wallet_proof_required
def plain(request):
    return HttpResponse(f"by {current_wallet(request)}")


@wallet_proof_required(max_age=10)
def strict(request, number):
    return HttpResponse(str(number))


class Page(WalletProofRequiredMixin, View):
    wallet_proof_max_age = 10

    def get(self, request):
        return HttpResponse(f"page of {request.user.pk}")


urlpatterns = [
    path("plain/", plain),
    path("strict/<int:number>/", strict),
    path("page/", Page.as_view()),
    path("", include("config.urls")),
]
PROVE = "/accounts/moralis/login/?process=reauthenticate&next="
#: Where allauth sends people, by its own rules.
CONFIRM = "/accounts/moralis/reauthenticate/?next="


def prove(client, wallet, **fields):
    return sign_in(client, wallet, process="reauthenticate", **fields)


def test_signing_in_is_a_proof(client, wallet):
    sign_in(client, wallet)

    assert client.get("/plain/").content.decode() == f"by {wallet.address}"


def test_an_old_proof_is_asked_for_again(client, wallet):
    sign_in(client, wallet)
    age(client, 11)

    assert client.get("/plain/").status_code == 200
    assert client.get("/strict/7/?a=b")["Location"] == PROVE + "%2Fstrict%2F7%2F%3Fa%3Db"
    assert client.get("/page/")["Location"] == PROVE + "%2Fpage%2F"

    response = prove(client, wallet, next="/strict/7/?a=b")

    assert (response.status_code, response["Location"]) == (302, "/strict/7/?a=b")
    assert client.get("/strict/7/").content == b"7"
    assert client.get("/page/").status_code == 200


def test_without_an_address_to_return_to_it_ends_where_a_login_does(client, wallet):
    sign_in(client, wallet)

    assert prove(client, wallet)["Location"] == "/accounts/profile/"


@pytest.mark.parametrize("url", ["/plain/", "/strict/7/", "/page/"])
def test_who_is_not_signed_in_is_sent_to_log_in(client, url):
    assert client.get(url)["Location"] == f"/accounts/login/?next={url}"


def test_the_text_and_the_page_say_what_it_is(client, wallet, backend):
    sign_in(client, wallet)

    assert (
        "\nConfirm that it is you at testserver\n"
        in obtain_challenge(client, wallet, process="reauthenticate")[1]
    )
    assert "Confirm that it is you" in client.get(PROVE).content.decode()


def test_the_page_names_the_wallets_that_are_linked(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")

    page = client.get(PROVE).content.decode()

    for each in (wallet, other_wallet):
        assert f"{each.address[:6]}…{each.address[-4:]}" in page
    assert "Linked to your account" not in client.get("/accounts/moralis/login/").content.decode()


def test_it_needs_somebody_signed_in(client, wallet):
    assert (
        json_code(request_challenge(client, wallet, process="reauthenticate")) == "login_required"
    )
    assert "Please sign in first." in client.get(PROVE).content.decode()


def test_it_neither_signs_in_nor_out_nor_links(client, wallet, backend):
    sign_in(client, wallet)
    user, before = user_of(client), SocialAccount.objects.values().get()

    prove(client, wallet)

    assert user_of(client) == user
    assert SocialAccount.objects.values().get() == before


def test_a_wallet_that_is_not_linked(client, wallet, other_wallet):
    sign_in(client, wallet)
    age(client, 1000)

    response = prove(client, other_wallet)

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")
    assert client.get("/plain/").status_code == 302
    assert SocialAccount.objects.count() == 1


def test_a_wallet_of_another_account(client, wallet, other_wallet):
    sign_in(Client(), other_wallet)
    sign_in(client, wallet)

    assert page_code(prove(client, other_wallet)) == "wallet_not_linked"


def test_a_proof_of_one_user_is_not_anothers(client, wallet, django_user_model):
    sign_in(client, wallet)
    proof = client.session[SESSION_KEY]
    client.force_login(django_user_model.objects.create_user("ada"))
    session = client.session
    session[SESSION_KEY] = proof
    session.save()

    assert client.get("/plain/").status_code == 302


def test_whoever_was_signed_out_meanwhile(client, wallet):
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, wallet, process="reauthenticate")
    session = client.session
    for key in ("_auth_user_id", "_auth_user_backend", "_auth_user_hash"):
        del session[key]
    session.save()

    assert page_code(answer(client, challenge, wallet.sign(message))) == "wallet_not_linked"


def test_a_wallet_that_was_removed_meanwhile_proves_nothing(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=wallet.address)
    elsewhere = Client()
    sign_in(elsewhere, wallet)

    client.post(reverse("socialaccount_connections"), {"account": row.pk})

    for browser in (client, elsewhere):
        assert browser.get("/plain/").status_code == 302
    assert SESSION_KEY not in client.session
    assert "moralis-watch" not in client.get("/accounts/profile/").content.decode()


def test_the_other_wallet_proves_as_before(client, wallet, other_wallet):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)

    client.post(reverse("socialaccount_connections"), {"account": row.pk})

    assert client.get("/plain/").status_code == 200


def test_a_wrong_signature_proves_nothing(client, wallet, other_wallet):
    sign_in(client, wallet)
    age(client, 1000)
    challenge, message = obtain_challenge(client, wallet, process="reauthenticate")

    assert page_code(answer(client, challenge, other_wallet.sign(message))) == "signature_invalid"
    assert client.get("/plain/").status_code == 302


# --- allauth's own pages ----------------------------------------------------------------------


@pytest.fixture
def confirmed_access(settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


def test_who_has_only_a_wallet_is_asked_for_it(client, wallet, confirmed_access):
    sign_in(client, wallet)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    age(client, 1000)

    response = client.get("/accounts/2fa/totp/activate/")
    assert response["Location"] == CONFIRM + "%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert "Confirm that it is you" in client.get(response["Location"]).content.decode()
    response = prove(client, wallet, next="/accounts/2fa/totp/activate/")

    assert response["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_a_form_that_was_held_up_goes_on(client, wallet, other_wallet, confirmed_access):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)
    connections = reverse("socialaccount_connections")
    age(client, 1000)

    response = client.post(connections, {"account": row.pk})
    assert response["Location"] == CONFIRM + "%2Faccounts%2F3rdparty%2F"
    assert SocialAccount.objects.count() == 2
    response = prove(client, wallet, next=connections)

    assert (response.status_code, response["Location"]) == (302, connections)
    assert SocialAccount.objects.get().uid == wallet.address


def test_a_form_that_was_held_up_is_sent_once(client, wallet, other_wallet, confirmed_access):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)
    connections = reverse("socialaccount_connections")
    age(client, 1000)
    client.post(connections, {"account": row.pk})
    prove(client, wallet, next=connections)
    sign_in(client, other_wallet, process="connect")

    prove(client, wallet, next=connections)

    assert SocialAccount.objects.count() == 2


def test_a_form_that_was_held_up_is_not_anothers(client, wallet, other_wallet, confirmed_access):
    """Whoever comes next in this browser sends nothing that the one before them began."""
    sign_in(client, wallet)
    age(client, 1000)
    client.post("/accounts/email/", {"email": "ada@example.com", "action_add": ""})
    client.post(reverse("account_logout"))
    sign_in(client, other_wallet)

    prove(client, other_wallet, next="/accounts/email/")

    assert not EmailAddress.objects.exists()


def test_access_is_confirmed_before_a_wallet_is_linked(client, wallet, confirmed_access):
    """Nobody shall sign, and only then be asked for more."""
    sign_in(client, wallet)
    link = "/accounts/moralis/login/?process=connect"
    assert client.get(link).status_code == 200
    age(client, 1000)

    response = client.get(link)

    assert response["Location"].startswith(CONFIRM)
    prove(client, wallet, next=link)
    assert client.get(link).status_code == 200


def test_a_wallet_that_signs_before_the_access_is_confirmed_is_linked_anew(
    client, wallet, other_wallet, confirmed_access
):
    """Its link is not kept: whoever confirms next, and for what, would carry it out."""
    sign_in(client, wallet)
    challenge, message = obtain_challenge(
        client, other_wallet, process="connect", next="/accounts/email/"
    )
    age(client, 1000)

    response = answer(client, challenge, other_wallet.sign(message))

    link = "/accounts/moralis/login/?process=connect&next=%2Faccounts%2Femail%2F"
    assert response["Location"] == link
    assert client.get(link)["Location"].startswith(CONFIRM)
    assert prove(client, wallet, next=link)["Location"] == link
    assert SocialAccount.objects.count() == 1
    response = sign_in(client, other_wallet, process="connect", next="/accounts/email/")
    assert response["Location"] == "/accounts/email/"
    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == user_of(client)


def test_nothing_of_a_wallet_that_may_not_be_linked_yet_is_kept(
    client, wallet, other_wallet, confirmed_access
):
    sign_in(Client(), other_wallet)
    theirs = SocialAccount.objects.values().get()
    sign_in(client, wallet)
    challenge, message = obtain_challenge(client, other_wallet, process="connect")
    age(client, 1000)
    before = set(client.session.keys())

    answer(client, challenge, other_wallet.sign(message))

    assert set(client.session.keys()) - {HELD_UP_KEY} == before
    assert SocialAccount.objects.values().get(uid=other_wallet.address) == theirs


def test_a_link_of_another_provider_does_not_ride_on_another_proof(
    client, wallet, confirmed_access
):
    """allauth keeps those in the session. Somebody finds the browser, and its owner comes back."""
    sign_in(client, wallet)
    for next_url, kept in (("/plain/", False), (None, True)):
        session = client.session
        session[STATE_SESSION_KEY] = {"callback": f"{__name__}.carry_out", "state": {}}
        session[HELD_UP_KEY] = time.time()
        session.save()

        response = prove(client, wallet, **({"next": next_url} if next_url else {}))

        assert (response.content == b"linked") is kept
        assert STATE_SESSION_KEY not in client.session


def carry_out(request, state):
    return HttpResponse("linked")


def test_who_has_a_password_confirms_by_it_before_they_link(
    client, wallet, other_wallet, confirmed_access
):
    sign_in(client, wallet)
    give_password(client)
    link = "/accounts/moralis/login/?process=connect"

    response = client.get(link)
    assert response["Location"].startswith("/accounts/reauthenticate/")
    client.post(response["Location"], {"password": "correct horse!", "next": link})
    sign_in(client, other_wallet, process="connect")

    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == user_of(client)
    # Once confirmed, it is not asked for again, by whatever way it was.
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_form_that_was_held_up_is_one_transaction_where_every_request_is(
    client, wallet, other_wallet, confirmed_access, monkeypatch
):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)
    connections = reverse("socialaccount_connections")
    age(client, 1000)
    client.post(connections, {"account": row.pk})
    monkeypatch.setitem(django_connections.settings["default"], "ATOMIC_REQUESTS", True)

    def fail(**_):
        raise RuntimeError

    social_account_removed.connect(fail)
    with pytest.raises(RuntimeError):
        prove(client, wallet, next=connections)

    social_account_removed.disconnect(fail)
    assert SocialAccount.objects.count() == 2


def test_a_site_that_sends_people_elsewhere_after_signing_in(client, wallet, settings):
    settings.LOGIN_REDIRECT_URL = "https://app.example.com/"
    sign_in(client, wallet)

    assert prove(client, wallet)["Location"] == "https://app.example.com/"


def test_the_proof_must_be_one(client, wallet, other_wallet, confirmed_access):
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=other_wallet.address)
    age(client, 1000)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})
    challenge, message = obtain_challenge(client, wallet, process="reauthenticate")

    response = answer(client, challenge, other_wallet.sign(message))

    assert page_code(response) == "signature_invalid"
    assert SocialAccount.objects.count() == 2


def test_who_has_a_password_may_use_the_wallet(client, wallet, confirmed_access):
    sign_in(client, wallet)
    give_password(client)

    page = client.get(client.get("/accounts/2fa/totp/activate/")["Location"]).content.decode()
    assert "Use your wallet" in page
    url = "/accounts/moralis/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert f'href="{url}"' in page
    page = client.get(url).content.decode()
    assert f'href="/accounts/reauthenticate/?{url.partition("?")[2]}"' in page
    prove(client, wallet)

    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_who_has_a_second_factor_must_show_it(client, wallet, confirmed_access):
    """The wallet may be open in the browser that somebody else has found."""
    sign_in(client, wallet)
    user = SocialAccount.objects.get().user
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client.force_login(user)
    off = "/accounts/2fa/totp/deactivate/"

    response = client.post(off)
    assert response["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert "Use your wallet" not in client.get(response["Location"]).content.decode()
    prove(client, wallet, next=off)

    assert client.post(off)["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert Authenticator.objects.filter(user=user).exists()
    assert client.get("/plain/").status_code == 200  # a view of the site's own asks for the wallet


def test_who_has_no_wallet_is_asked_as_before(client, confirmed_access, django_user_model):
    user = django_user_model.objects.create_user("ada", "ada@example.com", "correct horse!")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.force_login(user)

    response = client.get("/accounts/2fa/totp/activate/")

    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert "Use your wallet" not in client.get(response["Location"]).content.decode()


def test_headless_clients_are_asked_in_allauths_way(client, wallet, confirmed_access):
    sign_in(client, wallet)
    age(client, 1000)

    url, email = "/_allauth/browser/v1/account/email", {"email": "ada@example.com"}
    response = client.post(url, email, content_type="application/json")

    assert response.status_code == 401
    assert response.json()["meta"] == {
        "is_authenticated": True,
        "flows": [{"id": "provider_reauthenticate", "providers": ["moralis"]}],
    }
    assert not EmailAddress.objects.exists()


def test_a_proof_is_remembered_with_its_time(client, wallet):
    sign_in(client, wallet)

    assert time.time() - client.session[SESSION_KEY]["at"] < 60


def test_allauths_way_in_to_it_needs_somebody_signed_in_too(client):
    response = client.get(CONFIRM)

    assert response.status_code == 200
    assert "Please sign in first." in response.content.decode()


@pytest.mark.urls("tests.urls_without_pages")
def test_a_site_without_pages_that_knows_nothing_of_our_adapter(client, wallet, settings):
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    sign_in(client, wallet)
    give_password(client)

    response = client.get(reverse("moralis_reauthenticate"))

    assert response.status_code == 200
    assert response.context["alternatives"] == []
