"""Users of siwe-django and django-siwe-auth are imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.db import connection

from allauth_moralis.importing import sources
from allauth_moralis.testing import sign_in

from ..ceremony import user_of
from .common import COUNT, links, refused, run

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]


@pytest.fixture
def siwe_wallet(transactional_db, settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_django"]
    model = apps.get_app_config("siwe_django").get_model("SiweWallet")
    with connection.schema_editor() as editor:
        editor.create_model(model)
    yield model
    with connection.schema_editor() as editor:
        editor.delete_model(model)


SIWE_DJANGO = ("--source", "siwe-django")


# --- siwe-django ---------------------------------------------------------------------------------


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


# --- django-siwe-auth ----------------------------------------------------------------------------


def test_django_siwe_auth_that_is_not_there():
    with pytest.raises(CommandError, match=r"There is no model siwe_auth\.Wallet"):
        run("--source", "django-siwe-auth")


def test_wallets_of_django_siwe_auth_that_are_no_users_here(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_auth"]

    with pytest.raises(CommandError, match="not this site's user model"):
        run("--source", "django-siwe-auth")


def test_django_siwe_auth_without_its_table(settings, monkeypatch):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.elsewhere.siwe_auth"]
    model = apps.get_app_config("siwe_auth").get_model("Wallet")
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
recipe = open("docs/how-to/coming-from-elsewhere.md").read()
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
