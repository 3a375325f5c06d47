"""Users whom the import does not touch."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.urls import reverse

from allauth_moralis.importing import Verdict, sources
from allauth_moralis.importing.verdicts import Judge
from allauth_moralis.testing import EvmWallet, sign_in

from ..ceremony import user_of
from .common import links, refused, run, tutorial_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", ["ada", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "vitalik.eth", ""]
)
def test_a_name_that_is_no_address(name):
    tutorial_user(name)

    counts, said = run("--apply")

    assert counts == {"not_an_address": 1}
    assert "not_an_address: " not in said
    assert not links()


@pytest.mark.parametrize(
    "name", ["0x", "0x123", "0xg" + "0" * 39, "0x" + "a" * 41, "0X" + "a" * 40, "0x\x1b[31m"]
)
def test_a_name_that_only_begins_like_an_address(name):
    tutorial_user(name)

    assert run("--apply")[0] == {"not_an_address": 1}
    said = run("--verbosity", "2")[1]
    assert "\x1b" not in said
    assert not links()


def test_a_wrong_checksum():
    tutorial_user("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")

    refused("wrong_checksum")


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_an_address_without_a_checksum(client, wallet, spelled):
    user = tutorial_user("0x" + spelled(wallet.address[2:]))

    refused("no_checksum")

    assert run("--apply", "--lower-case")[0] == {"link": 1}
    sign_in(client, wallet)
    assert user_of(client) == user.pk


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
@pytest.mark.parametrize("tutorial_first", [True, False])
def test_a_name_without_a_checksum_beside_the_one_that_has_it(wallet, spelled, tutorial_first):
    names = [wallet.address, "0x" + spelled(wallet.address[2:])]
    users = {name: tutorial_user(name) for name in names[:: 1 if tutorial_first else -1]}

    counts, _ = run("--apply", "--lower-case")

    assert counts == {"link": 1, "ambiguous": 1}
    assert links() == {wallet.address: users[wallet.address].pk}


def test_two_names_without_a_checksum(wallet):
    tutorial_user(wallet.address.lower())
    tutorial_user("0x" + wallet.address[2:].upper())

    assert run("--apply", "--lower-case")[0] == {"ambiguous": 2}
    assert not links()


def test_a_wallet_that_belongs_to_another_user(client, wallet):
    sign_in(client, wallet)
    tutorial_user(wallet)

    refused("taken")
    refused("taken", "--lower-case", "--inactive", "--privileged", "--with-password")


def test_a_user_who_has_another_wallet_and_may_have_removed_this_one(client, wallet, other_wallet):
    tutorial_user(wallet)
    run("--apply")
    sign_in(client, wallet)
    sign_in(client, other_wallet, process="connect")
    row = SocialAccount.objects.get(uid=wallet.address)
    client.post(reverse("socialaccount_connections"), {"account": row.pk})
    assert list(links()) == [other_wallet.address]

    refused("other_wallet")
    refused("other_wallet", "--with-other-ways-in", "--with-password")


def test_an_inactive_user(client, wallet):
    user = tutorial_user(wallet, is_active=False)

    refused("inactive")

    assert run("--apply", "--inactive")[0] == {"link": 1}
    sign_in(client, wallet)
    assert user_of(client) is None
    assert get_user_model().objects.get() == user  # and no new account for who was shut out


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_staff_and_superusers(wallet, power):
    user = tutorial_user(wallet, **{power: True})

    refused("privileged")

    run("--apply", "--privileged")
    assert links() == {wallet.address: user.pk}


def test_a_user_who_chose_the_name_of_anothers_wallet(client, wallet):
    """They would share the account with the wallet's owner, who knows nothing of them."""
    mallory = get_user_model().objects.create_user(wallet.address, password="of-mallory")

    refused("password")

    sign_in(client, wallet)
    assert user_of(client) != mallory.pk


def test_a_user_with_a_password_where_the_operator_knows_better(wallet):
    user = get_user_model().objects.create_user(wallet.address, password="x")

    run("--apply", "--with-password")

    assert links() == {wallet.address: user.pk}
    user.refresh_from_db()
    assert user.check_password("x")


@pytest.mark.parametrize("way", ["e-mail", "address", "social account", "passkey"])
def test_a_user_with_another_way_in(wallet, way):
    """One who chose the name needs no password for that: a code by mail or a passkey will do."""
    user = tutorial_user(wallet)
    if way == "e-mail":
        EmailAddress.objects.create(user=user, email="mallory@example.com")
    elif way == "address":
        get_user_model().objects.update(email="mallory@example.com")
    elif way == "social account":
        SocialAccount.objects.create(user=user, provider="github", uid="1")
    else:
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})

    refused("other_way_in")

    run("--apply", "--with-other-ways-in")
    assert links() == {wallet.address: user.pk}


def test_a_site_without_second_factors(wallet, settings):
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if not app.startswith("allauth.mfa")
    ]
    tutorial_user(wallet)

    assert run()[0] == {"link": 1}


def test_a_flag_lets_through_one_refusal_and_not_another(wallet):
    tutorial_user(wallet, is_staff=True, is_active=False)

    refused("privileged", "--inactive")
    refused("inactive", "--privileged")


def test_a_dry_run_says_what_will_be_done(monkeypatch, wallet, other_wallet):
    monkeypatch.setattr(sources, "BATCH", 2)
    tutorial_user(wallet.address.lower())
    tutorial_user("ada")
    tutorial_user(wallet)
    tutorial_user(other_wallet, is_active=False)
    for _ in range(5):
        tutorial_user(EvmWallet())
    tutorial_user("0x" + wallet.address[2:].upper())

    foreseen = run("--lower-case")[0]

    assert foreseen == {"link": 6, "ambiguous": 2, "inactive": 1, "not_an_address": 1}
    assert run("--lower-case", "--apply")[0] == foreseen


def test_it_names_a_few_of_many_and_all_on_request():
    for _ in range(9):
        tutorial_user(EvmWallet(), is_active=False)

    few, all_of_them = run()[1], run("--verbosity", "2")[1]

    assert len(re.findall("^inactive: ", few, re.MULTILINE)) == 5
    assert "(5 of each; --verbosity 2 shows them all)" in few
    assert len(re.findall("^inactive: ", all_of_them, re.MULTILINE)) == 9
    assert "of each" not in all_of_them


def test_a_sign_in_in_the_middle_of_it_undoes_all(client, wallet, monkeypatch):
    first = tutorial_user(EvmWallet())
    sign_in(client, wallet)
    tutorial_user(wallet)
    before = links()
    monkeypatch.setattr(sources, "BATCH", 1)
    monkeypatch.setattr(Judge, "verdict", lambda self, candidate: Verdict.LINK)  # it did not see

    with pytest.raises(CommandError, match="Nothing was written"):
        run("--apply")

    assert links() == before
    first.refresh_from_db()
    assert first.password == ""


@pytest.mark.parametrize("field", [None, "nickname"])
def test_a_user_model_without_user_names(settings, field):
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = field

    with pytest.raises(CommandError, match="User has no user name"):
        run()
