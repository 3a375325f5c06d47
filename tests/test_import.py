"""``manage.py moralis_import_tutorial_users``: who is linked, who is not, and why."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from allauth_moralis.importing import Verdict, sources
from allauth_moralis.importing.verdicts import Judge
from allauth_moralis.testing import EvmWallet, sign_in

from .ceremony import user_of

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent
COUNT = re.compile(r"^ *([0-9]+)  ([a-z_]+) ", re.MULTILINE)


def tutorial_user(wallet: EvmWallet | str, **fields: Any):
    """As Moralis' Django tutorial makes one: ``User(username=eth_address).save()``."""
    user_model = get_user_model()
    name = wallet if isinstance(wallet, str) else wallet.address
    user = user_model(username=name, **{"is_staff": False, "is_superuser": False, **fields})
    user.save()
    return user


def run(*arguments: str) -> tuple[dict[str, int], str]:
    """The numbers of the summary that are not zero, and all that was said."""
    out = StringIO()
    call_command("moralis_import_tutorial_users", *arguments, stdout=out)
    said = out.getvalue()
    return {name: int(count) for count, name in COUNT.findall(said) if count != "0"}, said


def links() -> dict[str, int]:
    rows = SocialAccount.objects.filter(provider="moralis")
    return dict(rows.values_list("uid", "user_id"))


def refused(verdict: str, *arguments: str) -> None:
    """One user is told of by ``verdict``, and nothing is written; whoever is linked stays so."""
    before = links()
    counts, said = run("--apply", *arguments)
    counts.pop("linked", None)
    assert counts == {verdict: 1}
    assert f"\n{verdict}: " in "\n" + said
    assert links() == before


# --- Users of the tutorial -------------------------------------------------------------------


def test_a_dry_run_writes_nothing(wallet):
    user = tutorial_user(wallet)

    counts, said = run()

    assert counts == {"link": 1}
    assert "dry run" in said
    assert not SocialAccount.objects.exists()
    user.refresh_from_db()
    assert user.password == ""


def test_the_wallet_then_signs_in_as_the_very_same_user(client, wallet, backend):
    user = tutorial_user(wallet)

    counts, said = run("--apply")

    assert counts == {"link": 1}
    assert "1 wallets were linked." in said
    assert links() == {wallet.address: user.pk}
    assert sign_in(client, wallet).status_code == 302
    assert user_of(client) == user.pk
    assert get_user_model().objects.count() == 1
    assert SocialAccount.objects.get().extra_data["verified_by"] == backend


def test_without_it_the_wallet_gets_another_account(client, wallet):
    """What the import is for, and why it is not done at sign-in: names prove nothing."""
    user = tutorial_user(wallet)

    sign_in(client, wallet)

    assert user_of(client) != user.pk


def test_what_is_stored_claims_no_verification(client, wallet):
    user = tutorial_user(wallet)
    run("--apply")

    data = SocialAccount.objects.get().extra_data
    assert data.pop("imported_at")
    assert data == {
        "network": "evm",
        "chain_id": None,
        "verified": {},
        "verified_by": None,
        "verified_at": None,
        "message": None,
        "signature": None,
        "imported_from": "tutorial",
    }

    user.refresh_from_db()
    client.force_login(user)
    html = client.get(reverse("moralis_profile")).content.decode()
    assert wallet.address in html
    assert "Not verified by this site yet." in html
    assert "What was verified" not in html
    assert f"https://etherscan.io/address/{wallet.address}" in html
    assert wallet.address[:6] in client.get(reverse("socialaccount_connections")).content.decode()


def test_the_admin_says_that_it_was_imported(admin_client, wallet):
    tutorial_user(wallet)
    run("--apply")

    html = admin_client.get("/admin/socialaccount/socialaccount/").content.decode()

    assert "nobody yet; imported from tutorial" in html


def test_it_can_be_run_again(wallet):
    tutorial_user(wallet)
    run("--apply")
    before = SocialAccount.objects.values().get()

    counts, _ = run("--apply")

    assert counts == {"linked": 1}
    assert SocialAccount.objects.values().get() == before


def test_a_wallet_that_signed_in_since_is_left_as_it_is(client, wallet):
    tutorial_user(wallet)
    run("--apply")
    sign_in(client, wallet)
    before = SocialAccount.objects.values().get()

    assert run("--apply")[0] == {"linked": 1}
    assert SocialAccount.objects.values().get() == before


def test_the_tutorials_empty_password_does_not_count_as_a_way_in(client, wallet):
    """Django takes "" for a usable password: allauth would let go of the last wallet."""
    user = tutorial_user(wallet)
    assert user.has_usable_password()
    run("--apply")
    sign_in(client, wallet)
    row = SocialAccount.objects.get()

    client.post(reverse("socialaccount_connections"), {"account": row.pk})

    assert SocialAccount.objects.filter(pk=row.pk).exists()
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_users_of_later_copies_of_the_tutorial(wallet):
    user = get_user_model().objects.create_user(username=wallet.address, password=None)

    assert run("--apply")[0] == {"link": 1}
    password = user.password
    user.refresh_from_db()
    assert user.password == password


def test_many_users_in_pages(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(sources, "BATCH", 100)
    wallets = [EvmWallet() for _ in range(250)]
    get_user_model().objects.bulk_create(
        get_user_model()(username=wallet.address) for wallet in wallets
    )

    with django_assert_max_num_queries(40):
        counts, _ = run("--apply")

    assert counts == {"link": 250}
    users = get_user_model().objects.values_list("username", "pk")
    assert links() == dict(users)
    assert not get_user_model().objects.filter(password="").exists()
    assert len(set(get_user_model().objects.values_list("password", flat=True))) == 250


# --- Who is not touched ----------------------------------------------------------------------


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
    assert "(5 of each; --verbosity 2 names them all)" in few
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


# --- siwe-django -----------------------------------------------------------------------------


@pytest.fixture
def siwe_wallet(transactional_db, settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_django"]
    model = apps.get_model("siwe_django", "SiweWallet")
    with connection.schema_editor() as editor:
        editor.create_model(model)
    yield model
    with connection.schema_editor() as editor:
        editor.delete_model(model)


SIWE_DJANGO = ("--source", "siwe-django")


def test_wallets_of_siwe_django(client, wallet, other_wallet, siwe_wallet, monkeypatch):
    """Beside a password and an e-mail address: a signature was seen when they were linked."""
    monkeypatch.setattr(sources, "BATCH", 1)
    user = get_user_model().objects.create_user("ada", "ada@example.com", "x")
    for chain_id, linked in ((137, wallet), (1, wallet), (10, other_wallet)):
        siwe_wallet.objects.create(user=user, address=linked.address, chain_id=chain_id)
    expected = {"link": 2, "same_wallet": 1}

    assert run(*SIWE_DJANGO)[0] == expected
    assert run(*SIWE_DJANGO, "--apply")[0] == expected

    assert links() == {wallet.address: user.pk, other_wallet.address: user.pk}
    rows = SocialAccount.objects.values_list("uid", "extra_data__chain_id")
    assert dict(rows) == {wallet.address: 137, other_wallet.address: 10}
    assert run(*SIWE_DJANGO, "--apply")[0] == {"linked": 3}
    sign_in(client, wallet)
    assert user_of(client) == user.pk


def test_a_wallet_of_two_users_on_two_chains(wallet, siwe_wallet):
    for chain_id, name in ((1, "ada"), (10, "grace")):
        user = get_user_model().objects.create_user(name)
        siwe_wallet.objects.create(user=user, address=wallet.address, chain_id=chain_id)

    assert run(*SIWE_DJANGO, "--apply")[0] == {"ambiguous": 2}
    assert not links()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"no_checksum": 1, "link": 1}),
        (("--lower-case",), {"link": 1, "same_wallet": 1}),
    ],
)
def test_a_wallet_in_two_spellings(wallet, siwe_wallet, arguments, expected):
    user = get_user_model().objects.create_user("ada")
    for chain_id, spelling in ((1, wallet.address.lower()), (10, wallet.address)):
        siwe_wallet.objects.create(user=user, address=spelling, chain_id=chain_id)

    assert run(*SIWE_DJANGO, "--apply", *arguments)[0] == expected
    assert links() == {wallet.address: user.pk}


def test_a_wallet_of_staff_in_siwe_django(wallet, siwe_wallet):
    user = get_user_model().objects.create_superuser("root")
    siwe_wallet.objects.create(user=user, address=wallet.address, chain_id=1)

    refused("privileged", *SIWE_DJANGO)


def test_siwe_django_that_is_not_there():
    with pytest.raises(CommandError, match=r"There is no model siwe_django\.SiweWallet"):
        run(*SIWE_DJANGO)


def test_siwe_django_without_its_table(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_django"]

    with pytest.raises(CommandError, match="no table siwe_django_siwewallet"):
        run(*SIWE_DJANGO)


# --- django-siwe-auth ------------------------------------------------------------------------


def test_django_siwe_auth_that_is_not_there():
    with pytest.raises(CommandError, match=r"There is no model siwe_auth\.Wallet"):
        run("--source", "django-siwe-auth")


def test_wallets_of_django_siwe_auth_that_are_no_users_here(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_auth"]

    with pytest.raises(CommandError, match="not this site's user model"):
        run("--source", "django-siwe-auth")


def test_django_siwe_auth_without_its_table(settings, monkeypatch):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_auth"]
    model = apps.get_model("siwe_auth", "Wallet")
    monkeypatch.setattr(sources, "get_user_model", lambda: model)

    with pytest.raises(CommandError, match="no table siwe_auth_wallet"):
        run("--source", "django-siwe-auth")


#: A user model is chosen before the first table, so this site is a process of its own.
SITE = """
import re, sys, types
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="their_urls", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AUTH_USER_MODEL="siwe_auth.Wallet",
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_USER_MODEL_USERNAME_FIELD=None, ACCOUNT_USER_MODEL_EMAIL_FIELD=None,
    ACCOUNT_LOGIN_METHODS={"email"}, ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"],
    ACCOUNT_EMAIL_VERIFICATION="none", SOCIALACCOUNT_EMAIL_REQUIRED=False,
    SOCIALACCOUNT_ADAPTER="their_adapter.SocialAccountAdapter",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "allauth", "allauth.account", "allauth.socialaccount",
        "tests.elsewhere.siwe_auth", "allauth_moralis",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }],
)
django.setup()
from django.urls import include, path
sys.modules["their_urls"] = types.ModuleType("their_urls")
sys.modules["their_urls"].urlpatterns = [path("accounts/", include("allauth.urls"))]
sys.modules["their_adapter"] = types.ModuleType("their_adapter")
recipe = open("docs/coming-from-elsewhere.md").read()
exec(re.search(r"```python\\n# adapter.py\\n(.*?)```", recipe, re.DOTALL)[1],
     sys.modules["their_adapter"].__dict__)

from django.core.management import call_command
from django.test import Client
call_command("migrate", run_syncdb=True, verbosity=0)

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from allauth_moralis.testing import EvmWallet, sign_in

known, admin, lower, new, gone = (EvmWallet() for _ in range(5))
Wallet = get_user_model()
Wallet.objects.create(ethereum_address=known.address, password="!x")
Wallet.objects.create(ethereum_address=admin.address, password="!x", is_admin=True)
Wallet.objects.create(ethereum_address=lower.address.lower())
Wallet.objects.create(ethereum_address=gone.address, password="!x", is_active=False)
for _ in range(2):
    call_command("moralis_import_tutorial_users", source="django-siwe-auth", apply=True)
assert SocialAccount.objects.get().user_id == known.address
for wallet in (known, new):
    client = Client()
    response = sign_in(client, wallet)
    assert response.status_code == 302, response.content
    assert client.session["_auth_user_id"] == wallet.address
before = list(Wallet.objects.order_by("pk").values())
for wallet in (admin, gone, lower):
    client = Client()
    assert sign_in(client, wallet).status_code == 403
    assert "_auth_user_id" not in client.session
assert list(Wallet.objects.order_by("pk").values()) == before
assert len(before) == 5
"""


def test_wallets_of_django_siwe_auth():
    """And a wallet that is new to the site, by the adapter that the document gives."""
    result = subprocess.run(
        [sys.executable, "-c", SITE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    first, second = result.stdout.split("1 wallets were linked.")
    assert {name: count for count, name in COUNT.findall(first)} == {
        "link": "1",
        "linked": "0",
        "no_checksum": "1",
        "inactive": "1",
        "privileged": "1",
    }
    assert "0 wallets were linked." in second
