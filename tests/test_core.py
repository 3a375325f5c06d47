"""The heart of the contract, which holds on every site: sign in, come back, link, unlink, confirm.

Pages and headless clients. Nothing here depends on the demo: ``test_sites.py`` runs it under the
settings of each site in ``tests/sites``.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import pytest
from allauth.account.models import EmailAddress
from allauth.account.utils import user_username
from allauth.headless import app_settings
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, get_script_prefix, reverse

from allauth_moralis import testing
from allauth_moralis.testing import (
    HeadlessClient,
    SigningWallet,
    answer,
    obtain_challenge,
    request_challenge,
)

from .ceremony import json_code, page_code, search, user_of

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db
CODE = re.compile(r"^([A-Z0-9]{3,}(?:-[A-Z0-9]{3,})?)$", re.MULTILINE)


class Browser(Client):
    """A client that asks for whole paths, below a prefix too, as the site's links give them."""

    # The other arguments are passed on as they are.
    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        prefix = get_script_prefix()
        assert path.startswith(prefix), f"{path} is no page of this site"
        return super().generic(method, "/" + path.removeprefix(prefix), *args, **kwargs)


@pytest.fixture
def client() -> Client:
    return Browser()


@contextmanager
def an_hour_ago() -> Iterator[None]:
    """Whatever is proven here is proven no longer afterwards."""
    now = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now() - 3600)
        yield


@pytest.fixture
def pages() -> None:
    try:
        reverse("account_login")
    except NoReverseMatch:
        pytest.skip("the site has no pages of allauth's")


def sign_in(client: Client, wallet, **fields: Any) -> "Response":
    """Sign in, and give whatever else the site asks for: a telephone number, a code."""
    response = testing.sign_in(client, wallet, **fields)
    while path := asked_for(response):
        if path == reverse("socialaccount_signup"):
            data = {"username": wallet.address, "phone": phone_of(wallet)}
        else:
            data = {"code": latest_code()}
        response = client.post(path, data)
        assert response.status_code == 302, response.content.decode()
    return response


def asked_for(response: "Response") -> str | None:
    """The page of a stage to which a sign-in leads, if it does."""
    names = "socialaccount_signup", "account_verify_phone", "account_confirm_login_code"
    for name in names:
        with suppress(NoReverseMatch):
            if response.headers.get("Location", "").startswith(reverse(name)):
                return reverse(name)
    return None


def phone_of(wallet) -> str:
    return f"+31612{int(wallet.address, 16) % 10**6:06}"


def latest_code() -> str:
    return search(CODE, mail.outbox[-1].body)[1]


def row(wallet) -> SocialAccount:
    return SocialAccount.objects.get(provider="moralis", uid=wallet.address)


# --- Pages -----------------------------------------------------------------------------------


def test_first_sign_in_ends_on_a_page_of_the_site(client, wallet, backend):
    response = client.get(sign_in(client, wallet)["Location"], follow=True)

    assert response.status_code == 200
    assert user_of(client) == row(wallet).user_id
    assert wallet.address in client.get(reverse("moralis_profile")).content.decode()


def test_log_in_page_leads_to_the_wallet(client, pages):
    page = client.get(reverse("account_login"))

    assert reverse("moralis_login") in page.content.decode()


def test_coming_back_after_logging_out(client, wallet, pages):
    sign_in(client, wallet)
    user = user_of(client)
    client.post(reverse("account_logout"))
    assert user_of(client) is None

    response = sign_in(client, wallet)

    assert response.status_code == 302
    assert user_of(client) == user
    assert get_user_model().objects.count() == 1


def test_two_people_have_two_accounts(wallet, other_wallet):
    users = []
    for owner in (wallet, other_wallet):
        client = Browser()
        assert client.get(sign_in(client, owner)["Location"], follow=True).status_code == 200
        users.append(user_of(client))

    assert None not in users
    assert len(set(users)) == 2


def test_wallet_page_for_who_is_signed_in_already(client, wallet, pages):
    sign_in(client, wallet)

    for name in ("moralis_login", "account_login", "socialaccount_connections"):
        assert client.get(reverse(name), follow=True).status_code == 200


def test_wrong_signature_is_refused(client, wallet, other_wallet, backend):
    challenge, message = obtain_challenge(client, wallet)

    response = answer(client, challenge, other_wallet.sign(message))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert user_of(client) is None
    assert not get_user_model().objects.exists()


def test_form_from_before_another_sign_in_is_refused_and_goes_on(wallet, other_wallet):
    """Another tab signed in meanwhile, and Django changed its token."""
    for owner in (wallet, other_wallet):
        sign_in(Browser(), owner)
    client = Browser(enforce_csrf_checks=True)
    old = token_of(client.get(reverse("moralis_login")))
    by_script: dict[str, Any] = {"content_type": "application/json"}
    by_script["headers"] = {"X-CSRFToken": old}
    asked = client.post(reverse("moralis_challenge"), wallet.described, **by_script).json()
    proof = {"challenge": asked["challenge"], **wallet.prove(asked["message"])}
    client.post(reverse("moralis_verify"), {**proof, "csrfmiddlewaretoken": old})
    user = user_of(client)
    assert user is not None

    stale = client.post(reverse("moralis_verify"), {**proof, "csrfmiddlewaretoken": old})
    asked_by_script = client.post(reverse("moralis_challenge"), other_wallet.described, **by_script)

    assert (stale.status_code, page_code(stale)) == (403, "csrf_failed")
    assert user_of(client) == user
    assert (asked_by_script.status_code, json_code(asked_by_script)) == (403, "csrf_failed")
    fresh = token_of(stale)
    by_script["headers"] = {"X-CSRFToken": fresh}
    asked = client.post(reverse("moralis_challenge"), other_wallet.described, **by_script).json()
    proof = {"challenge": asked["challenge"], **other_wallet.prove(asked["message"])}
    client.post(reverse("moralis_verify"), {**proof, "csrfmiddlewaretoken": fresh})
    assert user_of(client) not in (None, user)


def token_of(page: "Response") -> str:
    return search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]


def test_refusal_survives_a_reload_and_its_address_leads_on(client, wallet, other_wallet):
    challenge, message = obtain_challenge(client, wallet)
    wrong = other_wallet.sign(message)
    answer(client, challenge, wrong)

    again = answer(client, challenge, wrong)
    anew = client.get(reverse("moralis_verify"))

    assert (again.status_code, page_code(again)) == (401, "signature_invalid")
    assert (anew.status_code, anew["Location"]) == (302, reverse("moralis_login"))


def test_link_and_unlink(client, wallet, other_wallet, pages):
    sign_in(client, wallet)
    user = user_of(client)
    url = reverse("socialaccount_connections")

    linked = sign_in(client, other_wallet, process="connect")
    page = client.get(linked["Location"], follow=True)
    assert page.status_code == 200
    assert row(other_wallet).user_id == user
    gone = client.post(url, {"account": row(other_wallet).pk}, follow=True)
    assert gone.status_code == 200
    assert SocialAccount.objects.get() == row(wallet)
    last = client.post(url, {"account": row(wallet).pk})

    assert "only way into your account" in last.content.decode()
    assert row(wallet).user_id == user


def test_linked_wallet_opens_the_account(client, wallet, other_wallet):
    sign_in(client, wallet)
    user = user_of(client)
    sign_in(client, other_wallet, process="connect")
    stranger = Browser()

    sign_in(stranger, other_wallet)

    assert user_of(stranger) == user


def offers_the_wallet(page: "Response") -> bool:
    """Whether a page on which one confirms is the wallet's, or leads there."""
    url = reverse("moralis_reauthenticate")
    return page.status_code == 200 and (
        page.wsgi_request.path == url or f'href="{url}' in page.content.decode()
    )


def test_confirm_before_linking(client, wallet, other_wallet):
    with an_hour_ago():
        sign_in(client, wallet)
    link = f"{reverse('moralis_login')}?process=connect"

    assert offers_the_wallet(client.get(link, follow=True))
    assert json_code(request_challenge(client, other_wallet, process="connect")) == "login_required"
    confirmed = sign_in(client, wallet, process="reauthenticate", next=link)
    assert confirmed["Location"] == link
    sign_in(client, other_wallet, process="connect")

    assert row(other_wallet).user_id == row(wallet).user_id


def test_first_password_is_set_after_confirming(client, wallet, pages):
    try:
        url = reverse("account_set_password")
    except NoReverseMatch:
        pytest.skip("the site has no local accounts")
    passwords = {"password1": "a strong one 4711", "password2": "a strong one 4711"}
    with an_hour_ago():
        sign_in(client, wallet)

    assert offers_the_wallet(client.post(url, passwords, follow=True))
    assert not row(wallet).user.has_usable_password()
    sign_in(client, wallet, process="reauthenticate")
    response = client.post(url, passwords, follow=True)

    assert response.status_code == 200
    assert row(wallet).user.check_password("a strong one 4711")


def test_address_is_added_and_confirmed(client, wallet, mailoutbox, pages):
    try:
        url = reverse("account_email")
    except NoReverseMatch:
        pytest.skip("the site has no local accounts")
    sign_in(client, wallet)
    page = client.post(url, {"email": "ada@example.com", "action_add": ""}, follow=True)
    assert page.status_code == 200
    text = mailoutbox[-1].body

    if link := re.search(r"http://testserver(/\S+)", text.replace("http://testserver/ ", "")):
        assert client.get(link[1]).status_code in (200, 302)
        response = client.post(link[1], follow=True)
    else:
        url = reverse("account_email_verification_sent")
        response = client.post(url, {"code": latest_code()}, follow=True)

    assert response.status_code == 200
    assert EmailAddress.objects.get().verified
    client.logout()
    sign_in(client, wallet)
    assert user_of(client) == row(wallet).user_id


def test_staff_see_whose_wallet_it_is(client, wallet):
    try:
        url = reverse("admin:index")
    except NoReverseMatch:
        pytest.skip("the site has no admin")
    sign_in(Browser(), wallet)
    staff = get_user_model()(is_staff=True, is_superuser=True, email="staff@example.com")
    user_username(staff, "staff")
    staff.save()
    client.force_login(staff)

    for path in (
        f"{url}socialaccount/socialaccount/",
        f"{url}socialaccount/socialaccount/{row(wallet).pk}/change/",
        f"{url}socialaccount/socialaccount/{row(wallet).pk}/delete/",
    ):
        assert client.get(path).status_code == 200, path


# --- Headless clients ------------------------------------------------------------------------


class Application(HeadlessClient):
    """Its answers are the envelopes, after whatever else the site asks for."""

    def __init__(self, kind: Literal["app", "browser"]) -> None:
        super().__init__(Browser(), kind)

    def call(self, method: str, path: str, data: object = "") -> tuple[int, Any]:
        response = self.request(method, path, data)
        return response.status_code, response.json()

    def prove(self, wallet: SigningWallet, process: str = "login") -> tuple[int, Any]:
        asked = request_challenge(self, wallet, process=process)
        if asked.status_code != 200:
            return asked.status_code, asked.json()
        issued = asked.json()["data"]
        proof = wallet.prove(issued["message"])
        response = answer(self, issued["challenge"], process=process, **proof)
        return response.status_code, response.json()

    def sign_in(self, wallet: SigningWallet) -> tuple[int, Any]:
        status, body = self.prove(wallet)
        if is_pending(body, "provider_signup"):
            data = {"username": wallet.address, "phone": phone_of(wallet)}
            status, body = self.call("POST", "auth/provider/signup", data)
        if is_pending(body, "verify_phone"):
            status, body = self.call("POST", "auth/phone/verify", {"code": latest_code()})
        return status, body


def is_pending(body: Any, flow: str) -> bool:
    flows = body.get("data", {}).get("flows", [])
    return any(each["id"] == flow and each.get("is_pending") for each in flows)


@pytest.fixture(params=["browser", "app"])
def application(request) -> Application:
    if request.param not in app_settings.CLIENTS:
        pytest.skip("the site has no such clients")
    return Application(request.param)


def test_headless_sign_in_and_coming_back(application, wallet, backend):
    status, body = application.sign_in(wallet)
    assert status == 200, body
    user = body["data"]["user"]
    assert user["id"] == row(wallet).user_id or str(row(wallet).user_id) == user["id"]
    assert user["display"]
    assert application.call("GET", "auth/session")[0] == 200
    assert application.call("DELETE", "auth/session")[0] == 401
    application.session_token = None  # the session is gone, and its token with it

    status, body = application.sign_in(wallet)

    assert (status, body["data"]["user"]["id"]) == (200, user["id"])


def test_headless_wrong_signature_is_refused(application, wallet, other_wallet):
    status, body = application.call("POST", "auth/provider/moralis/challenge", wallet.described)
    assert status == 200
    proof = {
        "challenge": body["data"]["challenge"],
        "signature": other_wallet.sign(body["data"]["message"]),
    }

    status, body = application.call(
        "POST",
        "auth/provider/token",
        {"provider": "moralis", "process": "login", "token": {"id_token": json.dumps(proof)}},
    )

    assert (status, body["errors"][0]["code"]) == (400, "signature_invalid")
    assert not get_user_model().objects.exists()


def test_headless_link_and_unlink(application, wallet, other_wallet):
    application.sign_in(wallet)
    status, body = application.prove(other_wallet, process="connect")
    assert status == 200, body
    assert row(other_wallet).user_id == row(wallet).user_id

    gone = {"provider": "moralis", "account": other_wallet.address}
    status, body = application.call("DELETE", "account/providers", gone)
    assert (status, len(body["data"])) == (200, 1)
    last = {"provider": "moralis", "account": wallet.address}
    status, body = application.call("DELETE", "account/providers", last)

    assert status == 400
    assert "only way into your account" in body["errors"][0]["message"]
    assert SocialAccount.objects.get() == row(wallet)


def test_headless_confirm_before_linking(application, wallet, other_wallet):
    with an_hour_ago():
        application.sign_in(wallet)

    status, body = application.prove(other_wallet, process="connect")
    assert status == 401
    assert {"id": "provider_reauthenticate", "providers": ["moralis"]} in body["meta"]["flows"]
    assert application.prove(wallet, process="reauthenticate")[0] == 200
    assert application.prove(other_wallet, process="connect")[0] == 200

    assert row(other_wallet).user_id == row(wallet).user_id
