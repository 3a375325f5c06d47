"""The demo on somebody's own machine says where its mail is."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import sign_in
from config.context_processors import CONSOLE

pytestmark = pytest.mark.django_db

NOTE = "what it would have sent stands in the terminal"
PASSWORD = "correct horse!"


@pytest.fixture
def own_machine(settings) -> None:
    settings.DEBUG = True
    settings.EMAIL_BACKEND = CONSOLE


def sign_up(client) -> str:
    form = {"email": "ada@example.com", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("account_signup"), form, follow=True).content.decode()


def forget_password(client) -> str:
    form = {"email": "ada@example.com"}
    return client.post(reverse("account_reset_password"), form, follow=True).content.decode()


def add_address(client, django_user_model) -> str:
    user = django_user_model.objects.create_user("grace", "grace@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.force_login(user)
    form = {"email": "lovelace@example.com", "action_add": ""}
    return client.post(reverse("account_email"), form, follow=True).content.decode()


@pytest.mark.parametrize("ask", [sign_up, forget_password])
def test_page_that_says_that_mail_was_sent_says_where_it_is(client, own_machine, ask):
    assert NOTE in ask(client)


def test_page_of_a_mistyped_address_says_where_the_mail_is(client, own_machine, settings, wallet):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_in(client, wallet)
    form = {"email": "me@exmaple.com", "username": "me"}
    client.post(reverse("socialaccount_signup"), form)
    later = Client()
    sign_in(later, wallet)

    assert NOTE in later.get(reverse("moralis_address")).content.decode()


def test_message_that_mail_was_sent_says_where_it_is(client, own_machine, django_user_model):
    html = add_address(client, django_user_model)

    assert "sent to lovelace@example.com. In this demo it stands in the terminal." in html


@pytest.mark.parametrize(
    ("debug", "backend"),
    [(False, CONSOLE), (True, "django.core.mail.backends.locmem.EmailBackend")],
    ids=["deployed", "mail is sent"],
)
def test_others_are_told_nothing_of_a_terminal(client, settings, django_user_model, debug, backend):
    settings.DEBUG = debug
    settings.EMAIL_BACKEND = backend

    pages = sign_up(client) + forget_password(client) + add_address(client, django_user_model)

    assert "terminal" not in pages
