"""E-mail addresses of wallets' accounts: nobody ends up where another's wallet opens too."""

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.core.context import request_context
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import sign_in

from .ceremony import search, user_of

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.com"
PASSWORD = "a strong one 4711"


@pytest.fixture
def waiting(wallet) -> int:
    """A wallet's account to which somebody else's address was added; its key."""
    stranger = Client()
    sign_in(stranger, wallet)
    stranger.post(reverse("account_email"), {"email": VICTIM, "action_add": ""})
    assert not EmailAddress.objects.get(email=VICTIM).verified
    mail.outbox.clear()
    cache.clear()  # allauth sends an address no more than one mail in ten seconds
    return user_of(stranger)


def sign_up(client: Client, email: str = VICTIM):
    fields = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("account_signup"), fields)


def link_in(message) -> str:
    return search(r"https?://[^/]+(/\S+)", message.body)[1]


def headless(client: Client, path: str, data: dict) -> int:
    url = f"/_allauth/browser/v1/{path}"
    return client.post(url, data, content_type="application/json").status_code


# --- The owner of the mailbox -----------------------------------------------------------------


def test_owner_of_the_mailbox_signs_up_as_if_nobody_had_it(client, waiting):
    sign_up(client)
    (message,) = mail.outbox
    assert message.to == [VICTIM]

    client.post(link_in(message))

    address = EmailAddress.objects.get(email=VICTIM, verified=True)
    assert address.user_id != waiting
    assert not SocialAccount.objects.filter(user_id=address.user_id).exists()


def test_owner_of_the_mailbox_signs_up_by_a_headless_client(client, waiting):
    assert headless(client, "auth/signup", {"email": VICTIM, "password": PASSWORD}) == 401

    assert get_user_model().objects.count() == 2
    assert "account already exists" not in mail.outbox[0].body


def says_that_there_is_no_account(message) -> bool:
    return reverse("account_signup") in message.body and "password/reset" not in message.body


def test_reset_is_not_mailed_to_an_address_that_only_waits(client, waiting):
    client.post(reverse("account_reset_password"), {"email": VICTIM})

    (message,) = mail.outbox
    assert says_that_there_is_no_account(message)


@pytest.mark.parametrize("by_code", [False, True])
def test_reset_of_a_headless_client_is_not_mailed_either(client, waiting, settings, by_code):
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = by_code

    assert headless(client, "auth/password/request", {"email": VICTIM}) == (401 if by_code else 200)

    (message,) = mail.outbox
    assert says_that_there_is_no_account(message)


def test_code_to_sign_in_is_not_mailed_to_an_address_that_only_waits(rf, waiting):
    """Asked of the adapter: allauth has the addresses for codes only where they are turned on."""
    request = rf.post("/")
    request.user, request.session = AnonymousUser(), SessionStore()

    with request_context(request):
        get_adapter().send_mail(
            "account/email/login_code", VICTIM, {"request": request, "code": "x"}
        )

    (message,) = mail.outbox
    assert says_that_there_is_no_account(message)


def test_link_is_worth_nothing_in_another_browser(client, waiting):
    """Whoever reads the mail did not add the address, or has no wallet at hand."""
    address = EmailAddress.objects.get(email=VICTIM)
    link = reverse("account_confirm_email", args=[EmailConfirmationHMAC.create(address).key])

    response = client.post(link)

    assert response["Location"].startswith(f"{reverse('moralis_login')}?next=")
    assert "opened with a wallet" in client.get(response["Location"]).content.decode()
    address.refresh_from_db()
    assert not address.verified
    assert user_of(client) is None


def test_link_is_worth_nothing_to_a_headless_client_elsewhere(client, waiting):
    address = EmailAddress.objects.get(email=VICTIM)
    key = EmailConfirmationHMAC.create(address).key

    assert headless(client, "auth/email/verify", {"key": key}) == 403

    address.refresh_from_db()
    assert not address.verified


# --- The owner of the wallet ------------------------------------------------------------------


def test_link_confirms_in_the_browser_that_proved_the_wallet(client, wallet):
    sign_in(client, wallet)
    client.post(reverse("account_email"), {"email": "me@example.com", "action_add": ""})
    link = link_in(mail.outbox[-1])
    assert "Location" in Client().post(link)  # on the phone, first: nothing is lost

    client.post(link)

    address = EmailAddress.objects.get(email="me@example.com")
    assert (address.verified, address.user_id) == (True, user_of(client))
    assert SocialAccount.objects.get().user_id == address.user_id


def test_link_that_was_opened_elsewhere_goes_on_after_the_wallet_signed(client, wallet):
    sign_in(client, wallet)
    client.post(reverse("account_email"), {"email": "me@example.com", "action_add": ""})
    link = link_in(mail.outbox[-1])
    phone = Client()
    phone.post(link)

    response = sign_in(phone, wallet, next=link)
    assert response["Location"] == link
    phone.post(link)

    assert EmailAddress.objects.get(email="me@example.com").verified


def test_confirmed_address_resets_a_password_and_keeps_the_wallet(client, wallet):
    sign_in(client, wallet)
    user = get_user_model().objects.get()
    EmailAddress.objects.create(user=user, email="me@example.com", verified=True, primary=True)
    anywhere = Client()

    anywhere.post(reverse("account_reset_password"), {"email": "me@example.com"})
    page = anywhere.get(link_in(mail.outbox[-1]), follow=True)
    anywhere.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert SocialAccount.objects.get().user_id == user.pk


def test_account_without_a_wallet_is_left_to_allauth(client, django_user_model):
    user = django_user_model.objects.create_user("ada", VICTIM, PASSWORD)
    address = EmailAddress.objects.create(user=user, email=VICTIM, primary=True)

    client.post(reverse("account_reset_password"), {"email": VICTIM})
    client.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC.create(address).key]))

    assert "password/reset" in mail.outbox[0].body
    address.refresh_from_db()
    assert address.verified


# --- An address that was mistyped --------------------------------------------------------------


@pytest.fixture
def asked_for_an_address(settings) -> None:
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"


def test_mistyped_address_is_corrected_by_the_wallet(client, wallet, asked_for_an_address):
    sign_in(client, wallet)
    client.post(reverse("socialaccount_signup"), {"email": "me@exmaple.com", "username": "me"})
    later = Client()

    response = sign_in(later, wallet)
    assert response["Location"] == reverse("moralis_address")
    assert "me@exmaple.com" in later.get(response["Location"]).content.decode()
    later.post(response["Location"], {"email": "me@example.com"})
    assert mail.outbox[-1].to == ["me@example.com"]
    later.post(link_in(mail.outbox[-1]))
    sign_in(later, wallet)

    assert EmailAddress.objects.get().email == "me@example.com"
    assert EmailAddress.objects.get().verified
    assert get_user_model().objects.get().email == "me@example.com"
    assert user_of(later) == SocialAccount.objects.get().user_id


def test_address_page_is_for_who_waits_there(client, wallet, other_wallet, asked_for_an_address):
    assert client.get(reverse("moralis_address"))["Location"] == reverse("moralis_login")
    sign_in(client, wallet)
    client.post(reverse("socialaccount_signup"), {"email": "me@exmaple.com", "username": "me"})
    client.post(reverse("moralis_address"), {"email": "not an address"})

    Client().post(reverse("moralis_address"), {"email": "thief@example.com"})

    assert EmailAddress.objects.get().email == "me@exmaple.com"


def test_confirmed_address_is_not_replaced(client, wallet, asked_for_an_address):
    sign_in(client, wallet)
    client.post(reverse("socialaccount_signup"), {"email": "me@example.com", "username": "me"})
    EmailAddress.objects.update(verified=True)

    client.post(reverse("moralis_address"), {"email": "other@example.com"})

    assert EmailAddress.objects.filter(email="me@example.com", verified=True).exists()


def test_account_whose_address_was_claimed_is_asked_for_another(
    client, wallet, asked_for_an_address
):
    sign_in(client, wallet)
    client.post(reverse("socialaccount_signup"), {"email": VICTIM, "username": "me"})
    sign_up(Client())

    response = sign_in(Client(), wallet)

    assert response["Location"] == reverse("moralis_address")
    assert get_user_model().objects.count() == 2


@pytest.fixture
def pending(wallet, asked_for_an_address) -> Client:
    """Back with the wallet, and asked where the mail shall go."""
    sign_in(first := Client(), wallet)
    first.post(reverse("socialaccount_signup"), {"email": "me@exmaple.com", "username": "me"})
    cache.clear()
    client = Client()
    sign_in(client, wallet)
    mail.outbox.clear()
    return client


def correct(client: Client, email: str):
    return client.post(reverse("moralis_address"), {"email": email})


def test_address_is_not_corrected_long_after_the_wallet_signed(pending):
    session = pending.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 600
    session.save()

    response = correct(pending, "thief@example.com")

    assert response["Location"] == reverse("moralis_login")
    assert EmailAddress.objects.get().email == "me@exmaple.com"


def test_address_that_was_confirmed_elsewhere_stays_the_users(pending):
    EmailAddress.objects.update(verified=True)

    response = correct(pending, "thief@example.com")

    assert response["Location"] == reverse("moralis_login")
    assert get_user_model().objects.get().email == "me@exmaple.com"


def test_corrections_are_limited(pending):
    codes = [correct(pending, f"{number}@example.com").status_code for number in range(12)]

    assert codes == [302] * 10 + [429] * 2
    assert len(mail.outbox) == 10


def test_wrong_correction_loses_nothing(pending):
    response = correct(pending, "not an address")

    assert response.status_code == 200
    assert EmailAddress.objects.get().email == "me@exmaple.com"


def test_one_address_is_corrected_where_no_more_are_allowed(pending, settings):
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = 1

    correct(pending, "me@example.com")

    assert EmailAddress.objects.get().email == "me@example.com"


def test_address_of_another_account_is_taken_as_any_other(pending, django_user_model):
    other = django_user_model.objects.create_user("ada", VICTIM, PASSWORD)
    EmailAddress.objects.create(user=other, email=VICTIM, verified=True, primary=True)

    assert correct(pending, VICTIM).status_code == 302

    assert EmailAddress.objects.get(email=VICTIM, verified=True).user_id == other.pk


def test_unconfirmed_address_that_opens_an_account_is_not_taken(client, wallet, settings):
    """Where nothing must be confirmed, it is a name to sign in by."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    owner = Client()
    sign_in(owner, wallet)
    owner.post(reverse("account_email"), {"email": "me@example.com", "action_add": ""})

    sign_up(client, "me@example.com")

    assert EmailAddress.objects.get(email="me@example.com").user_id == user_of(owner)


def test_released_address_leaves_a_user_model_that_must_have_one_with_none_of_anybodys(
    waiting, monkeypatch
):
    user = get_user_model().objects.get()
    user.email = VICTIM
    user.save()
    monkeypatch.setattr("allauth_moralis.internal.addresses.email_must_be_unique", lambda: True)

    sign_up(Client())

    user.refresh_from_db()
    assert user.email == f"{user.pk}@no-address.invalid"
