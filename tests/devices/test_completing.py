"""The computer completes: it alone, once, with its own second factor and its own forms."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from allauth_moralis.devices import states
from allauth_moralis.exceptions import ChallengeMissing
from allauth_moralis.reauthentication import SIGNED_IN_KEY
from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, sign_in

from ..ceremony import age, page_code, user_of
from .common import Computer, Phone, approve

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
def test_computer_is_signed_in_by_the_phone(computer, backend, kind):
    wallet = kind()
    approve(computer, wallet, next="/there/")

    response = computer.complete()

    assert (response.status_code, response["Location"]) == (302, "/there/")
    account = SocialAccount.objects.get()
    assert (account.uid, account.user_id) == (wallet.address, user_of(computer.client))
    assert "ANOTHER device" in account.extra_data["message"]
    assert account.extra_data["verified_by"] == backend
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("which", ["owned", "planned"])
def test_contract_wallet_signs_in_with_its_chain(computer, backend, node, which, request):
    wallet = request.getfixturevalue(which)
    approve(computer, wallet)

    computer.complete()

    assert SocialAccount.objects.get().uid == f"eip155:1:{wallet.address}"
    assert user_of(computer.client) is not None


def test_without_next_people_land_where_they_always_do(computer, wallet):
    approve(computer, wallet)

    assert computer.complete()["Location"] == "/accounts/profile/"


def test_next_of_the_completing_form_is_ignored(computer, wallet):
    approve(computer, wallet)

    assert computer.complete(next="/elsewhere/")["Location"] == "/accounts/profile/"


def test_nothing_is_there_before_the_completion(computer, wallet):
    approve(computer, wallet)

    assert not SocialAccount.objects.exists()


def test_completing_before_the_approval_is_refused_and_spoils_nothing(computer, phone, wallet):
    computer.ask()

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    phone.sign(wallet, computer.scanned)
    assert computer.complete().status_code == 302


def test_completing_twice_is_refused(computer, wallet):
    approve(computer, wallet)
    computer.complete()
    user = user_of(computer.client)

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(computer.client) == user
    assert computer.poll() == "expired"


def test_another_session_neither_polls_nor_completes(computer, wallet):
    approve(computer, wallet)
    thief = Computer(Client(), computer.told)

    assert thief.poll() == "expired"
    response = thief.complete()
    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(thief.client) is None
    assert computer.complete().status_code == 302


def test_phone_itself_neither_polls_nor_completes(computer, phone, wallet):
    computer.ask()
    phone.sign(wallet, computer.scanned)
    as_computer = Computer(phone.client, computer.told)

    assert as_computer.poll() == "expired"
    assert page_code(as_computer.complete()) == "challenge_missing"


def test_session_that_is_put_back_completes_nothing_again(computer, wallet):
    """As sessions in cookies can be: what was used is remembered where no browser can change it."""
    approve(computer, wallet)
    twin = copy_of(computer)
    computer.complete()

    response = twin.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(twin.client) is None


def test_sixteen_completions_at_once_are_one_sign_in(computer, wallet):
    """All of them read the session before the first had saved it."""
    approve(computer, wallet)
    twins = [copy_of(computer) for _ in range(16)]

    statuses = sorted(twin.complete().status_code for twin in twins)

    assert statuses == [302] + [403] * 15
    assert SocialAccount.objects.count() == 1


def test_sixteen_threads_that_take_what_was_approved_get_it_once(computer, wallet, rf):
    approve(computer, wallet)
    held = dict(computer.client.session)

    def take(_: int) -> bool:
        request = rf.post("/")
        request.session, request.user = SessionStore(), AnonymousUser()
        request.session.update(held)
        try:
            states.take(request, computer.told["device_code"])
        except ChallengeMissing:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(16))) == 1


def copy_of(computer: Computer) -> Computer:
    """Another browser with what this one's session holds."""
    client = Client()
    session = client.session
    session.update(dict(computer.client.session))
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    return Computer(client, computer.told)


def test_session_that_has_ended_completes_nothing(computer, wallet, monkeypatch):
    """Another tab signed out between the reading of the session and its saving."""
    approve(computer, wallet)
    monkeypatch.setattr(states, "save_now", lambda request: request.session.flush() and False)

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert user_of(computer.client) is None


@pytest.mark.parametrize("code", ["", " ", "x" * 4097])
def test_completing_without_a_code_is_refused(computer, code):
    computer.told = {"device_code": code}

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


def test_completing_with_no_field_at_all_is_refused(client):
    response = client.post(reverse("moralis_device_complete"), {})

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


def test_get_completes_nothing(computer, wallet):
    approve(computer, wallet)

    response = computer.client.get(
        reverse("moralis_device_complete"), {"device_code": computer.told["device_code"]}
    )

    assert (response.status_code, response["Location"]) == (302, reverse("moralis_login"))
    assert computer.poll() == "approved"


def test_completions_are_counted_and_what_was_approved_stays(computer, wallet, provider):
    provider["RATE_LIMITS"] = {"verify": "1/m/ip"}
    approve(computer, wallet)

    response = computer.complete()  # the phone's proof was the first

    assert (response.status_code, page_code(response)) == (429, "rate_limited")
    provider["RATE_LIMITS"] = False
    assert computer.complete().status_code == 302


# --- What may still be missing ----------------------------------------------------------------


def test_second_factor_is_asked_on_the_computer(computer, wallet):
    sign_in(Client(), wallet)
    TOTP.activate(SocialAccount.objects.get().user, "JBSWY3DPEHPK3PXP")
    approve(computer, wallet)

    response = computer.complete()

    assert (response.status_code, response["Location"]) == (302, reverse("mfa_authenticate"))
    assert user_of(computer.client) is None


def test_sign_up_form_is_shown_on_the_computer(computer, wallet, settings):
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    approve(computer, wallet)

    response = computer.complete()

    assert (response.status_code, response["Location"]) == (302, reverse("socialaccount_signup"))
    computer.client.post(reverse("socialaccount_signup"), {"email": "ada@example.com"})
    assert SocialAccount.objects.get().user_id == user_of(computer.client)


def test_inactive_account_is_not_signed_in(computer, wallet):
    sign_in(Client(), wallet)
    user = SocialAccount.objects.get().user
    user.is_active = False
    user.save()
    approve(computer, wallet)

    computer.complete()

    assert user_of(computer.client) is None


# --- Linking and confirming -------------------------------------------------------------------


def test_wallet_of_the_phone_is_linked_to_the_computers_account(computer, wallet, other_wallet):
    sign_in(computer.client, wallet)
    approve(computer, other_wallet, process="connect")

    response = computer.complete()

    assert response["Location"] == reverse("socialaccount_connections")
    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == user_of(computer.client)


def test_linking_wants_recent_proof_when_it_is_completed_too(computer, wallet, other_wallet):
    sign_in(computer.client, wallet)
    approve(computer, other_wallet, process="connect")
    age(computer.client, 1000)

    response = computer.complete()

    assert response["Location"] == f"{reverse('moralis_login')}?process=connect"
    assert SocialAccount.objects.get().uid == wallet.address


def test_linking_where_nothing_can_prove_it_is_refused_and_told_again(
    computer, wallet, django_user_model
):
    user = django_user_model.objects.create_user("ada")
    computer.client.force_login(user)
    session = computer.client.session
    session[SIGNED_IN_KEY] = time.time()
    session.save()
    approve(computer, wallet, process="connect")
    session = computer.client.session
    session[SIGNED_IN_KEY] = 0
    session.save()

    first = computer.complete()
    again = computer.complete()

    assert [page_code(each) for each in (first, again)] == ["login_required"] * 2
    assert not SocialAccount.objects.exists()


def test_wallet_of_another_account_is_not_linked(computer, wallet, other_wallet):
    sign_in(Client(), other_wallet)
    owner = SocialAccount.objects.get().user_id
    sign_in(computer.client, wallet)
    approve(computer, other_wallet, process="connect")

    computer.complete()

    assert SocialAccount.objects.get(uid=other_wallet.address).user_id == owner


def test_wallet_of_the_phone_confirms_that_it_is_them(computer, wallet):
    sign_in(computer.client, wallet)
    age(computer.client, 1000)
    approve(computer, wallet, process="reauthenticate", next="/there/")

    response = computer.complete()

    assert response["Location"] == "/there/"
    assert computer.client.session["allauth_moralis_proven"]["at"] > time.time() - 60


def test_wallet_that_is_not_linked_confirms_nothing(computer, wallet, other_wallet):
    sign_in(computer.client, wallet)
    approve(computer, other_wallet, process="reauthenticate")

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "wallet_not_linked")
    assert page_code(computer.complete()) == "wallet_not_linked"  # the same on a reload


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_who_signed_out_completes_nothing(computer, wallet, process):
    sign_in(computer.client, wallet)
    approve(computer, wallet, process=process)
    computer.client.logout()

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")


@pytest.mark.parametrize("process", ["connect", "reauthenticate"])
def test_request_of_one_user_is_not_completed_by_another(computer, wallet, other_wallet, process):
    """Not even where the session of the one is put back under the other."""
    sign_in(computer.client, wallet)
    approve(computer, wallet, process=process)
    kept = computer.client.session[states.SESSION_KEY]
    computer.client.logout()
    sign_in(computer.client, other_wallet)
    session = computer.client.session
    session[states.SESSION_KEY] = kept
    session.save()

    response = computer.complete()

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert SocialAccount.objects.get(uid=wallet.address).user_id != user_of(computer.client)


def test_signing_in_as_another_does_not_mix_the_sessions(computer, wallet, other_wallet):
    sign_in(computer.client, other_wallet)
    session = computer.client.session
    session["of_the_first"] = True
    session.save()
    approve(computer, wallet)

    computer.complete()

    assert SocialAccount.objects.get(uid=wallet.address).user_id == user_of(computer.client)
    assert "of_the_first" not in computer.client.session


# --- Behind the scenes ------------------------------------------------------------------------


def test_completion_is_one_line_in_the_log(computer, wallet, caplog):
    caplog.set_level("INFO", "allauth_moralis")
    approve(computer, wallet)
    computer.complete()

    (line,) = [m for m in caplog.messages if m.startswith("device_completed")]
    assert "for login" in line
    assert computer.told["device_code"] not in caplog.text
    assert computer.scanned["device"] not in caplog.text


def test_cache_that_has_lost_everything_lets_nobody_in(computer, wallet):
    approve(computer, wallet)
    cache.clear()

    assert computer.poll() == "expired"
    assert page_code(computer.complete()) == "challenge_missing"


def test_two_computers_are_two_sign_ins(wallet, other_wallet):
    first, second = Computer(Client()).ask(), Computer(Client()).ask()
    Phone(Client()).sign(wallet, second.scanned)
    Phone(Client()).sign(other_wallet, first.scanned)
    first.complete()
    second.complete()

    of = {account.uid: account.user_id for account in SocialAccount.objects.all()}
    assert of[wallet.address] == user_of(second.client)
    assert of[other_wallet.address] == user_of(first.client)


def test_what_nobody_asked_for_replaces_nobody_who_signed_in_since(computer, wallet, other_wallet):
    """The page completes by itself: the next person at a shared browser would not notice."""
    computer.ask()
    sign_in(computer.client, other_wallet)
    theirs = user_of(computer.client)
    Phone(Client()).sign(wallet, computer.scanned)

    response = computer.complete()

    assert page_code(response) == "challenge_missing"
    assert user_of(computer.client) == theirs
