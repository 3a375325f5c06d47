"""A site's own adapters, which answer some of allauth's questions without asking further."""

from datetime import timedelta

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.signals import user_signed_up
from allauth.core import context
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import Provider
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allauth_moralis.adapter import WalletReauthenticationMixin, WalletSocialAccountMixin
from allauth_moralis.internal import flows
from allauth_moralis.internal.sociallogin import rows_of
from allauth_moralis.testing import sign_in

from .ceremony import page_code, user_of
from .headless_app import App, codes

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.com"
PASSWORD = "a strong one 4711"


@pytest.fixture
def own_adapters(settings) -> None:
    settings.ACCOUNT_ADAPTER = "tests.sites.company.adapters.AccountAdapter"
    settings.SOCIALACCOUNT_ADAPTER = "tests.sites.company.adapters.SocialAccountAdapter"


@pytest.fixture
def waiting(own_adapters, wallet) -> int:
    """A wallet's account to which somebody else's address was added; its key."""
    stranger = Client()
    sign_in(stranger, wallet)
    stranger.post(reverse("account_email"), {"email": VICTIM, "action_add": ""})
    assert not EmailAddress.objects.get(email=VICTIM).verified
    cache.clear()  # allauth sends an address no more than one mail in a while
    return user_of(stranger)


def test_owner_of_a_mailbox_signs_up_where_the_site_decides_who_may(client, waiting):
    fields = {"email": VICTIM, "password1": PASSWORD, "password2": PASSWORD}

    client.post(reverse("account_signup"), fields)

    assert EmailAddress.objects.get(email=VICTIM).user_id != waiting


class Elsewhere(Provider):
    """Another provider, which confirmed the address."""

    id = "elsewhere"
    uses_apps = False


def test_owner_of_a_mailbox_comes_by_another_provider(client, waiting):
    request = client.get(reverse("account_login")).wsgi_request
    login = SocialLogin(
        user=get_user_model()(),
        account=SocialAccount(provider=Elsewhere.id, uid="1"),
        email_addresses=[EmailAddress(email=VICTIM, verified=True, primary=True)],
        provider=Elsewhere(request),
    )
    login.state = {"process": "login"}

    with context.request_context(request):
        complete_social_login(request, login)

    assert EmailAddress.objects.get(email=VICTIM).user_id == request.user.pk != waiting


def test_sign_up_that_was_left_is_over_where_the_site_decides_who_may(
    client, wallet, own_adapters, settings, monkeypatch
):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    form = sign_in(client, wallet)["Location"]
    later = timezone.now() + timedelta(minutes=15)
    monkeypatch.setattr("allauth_moralis.internal.sociallogin.now", lambda: later)

    response = client.post(form, {"email": "ada@example.com"})

    assert response["Location"] == reverse("moralis_login")
    assert not get_user_model().objects.exists()


# --- What manage.py check says of them ---------------------------------------------------------


class Mails(WalletReauthenticationMixin, DefaultAccountAdapter):
    def send_mail(self, template_prefix, email, context):
        """By a queue of the site's own."""


class GoesOn(WalletReauthenticationMixin, DefaultAccountAdapter):
    def send_mail(self, template_prefix, email, context):
        super().send_mail(template_prefix, email, context)

    def clean_email(self, email):
        return WalletReauthenticationMixin.clean_email(self, email.strip())


class Behind(DefaultSocialAccountAdapter, WalletSocialAccountMixin):  # type: ignore[misc]  # wrong
    """The wrong way round: allauth's methods come first."""


class NoCode(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    save_user = print  # type: ignore[assignment]  # what it does nobody can tell


def hidden() -> dict[str, str]:
    return {m.msg.split()[0]: m.msg for m in run_checks() if m.id == "allauth_moralis.W040"}


def test_check_is_silent_about_adapters_as_the_documents_have_them(own_adapters):
    assert hidden() == {}


def test_check_tells_of_a_method_that_hides_a_mixins(settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.Mails"

    assert "WalletReauthenticationMixin does in send_mail, so" in hidden()["Mails"]


def test_check_tells_of_a_mixin_behind_allauths_adapter(settings):
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.Behind"

    methods = "authenticate_by_email, save_user, validate_disconnect, validation_error"
    assert methods in hidden()["Behind"]


def test_check_takes_a_call_further_for_one(settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.GoesOn"
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.NoCode"

    assert hidden() == {}


class Profiles(DefaultSocialAccountAdapter):
    """A site's own adapter, which writes more, and the database refuses that."""

    def save_user(self, request, sociallogin, form=None):
        super().save_user(request, sociallogin, form)
        raise IntegrityError


class WithProfiles(WalletSocialAccountMixin, Profiles):
    """The order of the documents: the mixin stands first."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_pages", [True, False], ids=["pages", "headless"])
def test_sign_up_of_which_the_sites_part_fails_leaves_no_half_account(
    client, wallet, settings, by_pages
):
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.WithProfiles"

    if by_pages:
        response = sign_in(client, wallet)
        assert (response.status_code, page_code(response)) == (503, "misconfigured")
    else:
        answer = App("browser").sign_in(wallet)
        assert (answer["status"], codes(answer)) == (503, ["misconfigured"])

    assert not get_user_model().objects.exists()
    assert not SocialAccount.objects.exists()


class OnceRefused(DefaultSocialAccountAdapter):
    """A site's own adapter, whose row the other browser of two has just written."""

    def save_user(self, request, sociallogin, form=None):
        user = super().save_user(request, sociallogin, form)
        if not hasattr(request, "is_the_other_browsers"):
            raise IntegrityError
        return user


class WithRows(WalletSocialAccountMixin, OnceRefused):
    """The order of the documents: the mixin stands first."""


@pytest.mark.django_db
def test_sign_up_whose_rows_another_browser_has_just_written_leads_to_a_sign_in(
    client, wallet, settings, monkeypatch
):
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.WithRows"

    def a_moment_later(account):
        monkeypatch.undo()
        monkeypatch.setattr(HttpRequest, "is_the_other_browsers", True, raising=False)
        sign_in(Client(), wallet)
        return rows_of(account)

    monkeypatch.setattr(flows, "rows_of", a_moment_later)

    response = sign_in(client, wallet)

    assert (response.status_code, response["Location"]) == (302, reverse("moralis_login"))
    shown = client.get(response["Location"]).content.decode()
    assert "This wallet already has an account here." in shown
    assert get_user_model().objects.count() == SocialAccount.objects.count() == 1


@pytest.fixture
def adds_an_address():
    """A site that knows the address of whoever signs up."""

    def add(user, **_kwargs):
        EmailAddress.objects.create(user=user, email=VICTIM)

    user_signed_up.connect(add)
    yield
    user_signed_up.disconnect(add)


def test_address_that_a_site_adds_at_a_sign_up_is_written_to(
    client, wallet, adds_an_address, mailoutbox
):
    sign_in(client, wallet)

    assert [mail.to for mail in mailoutbox] == [[VICTIM]]


def test_sign_up_by_password_where_users_have_no_field_for_an_address(client, settings, mailoutbox):
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    fields = {"email": VICTIM, "password1": PASSWORD, "password2": PASSWORD}

    client.post(reverse("account_signup"), fields)

    assert [mail.to for mail in mailoutbox] == [[VICTIM]]
