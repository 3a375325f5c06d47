"""Social accounts of wallets in Django's admin."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.socialaccount.admin import SocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.template.response import TemplateResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from allauth_moralis.admin import WalletAdminMixin, WalletSocialAccountAdmin, register
from allauth_moralis.testing import SolanaWallet, obtain_challenge, request_challenge, sign_in

from .ceremony import search

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent
LIST = "/admin/socialaccount/socialaccount/"


@pytest.fixture
def staff(client, django_user_model) -> Client:
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    return client


def change_url(row: SocialAccount) -> str:
    return reverse("admin:socialaccount_socialaccount_change", args=[row.pk])


def cell(html: str, name: str) -> str:
    """The text of the one row's cell in a column."""
    (found,) = re.findall(rf'<td class="field-{name}[^"]*">(.*?)</td>', html)
    return re.sub("<[^>]+>", "", found)


def field(html: str, name: str) -> str:
    """The text of a read-only field of the detail page."""
    return search(rf'field-{name}">.*?<div class="readonly">(.*?)</div>', html, re.DOTALL)[1]


def elsewhere(**fields) -> SocialAccount:
    """An account of another provider."""
    user = get_user_model().objects.create_user("grace")
    data = {"login": "grace", "verified_by": "somebody", "message": "a-secret-of-theirs"}
    return SocialAccount.objects.create(
        user=user, provider="github", uid="4711", extra_data=data, **fields
    )


# --- The list --------------------------------------------------------------------------------


def test_the_list_shows_what_was_verified(staff, wallet, backend):
    sign_in(Client(), wallet, chain_id=137)

    html = staff.get(LIST).content.decode()

    assert cell(html, "uid") == wallet.address
    assert cell(html, "wallet_network") == "evm"
    assert cell(html, "wallet_chain") == "Polygon (137)"
    assert (
        cell(html, "wallet_verified_by")
        == {
            "moralis": "Moralis Auth API",
            "local": "this site",
        }[backend]
    )
    assert re.search(r"[0-9]{4}", cell(html, "wallet_verified_at"))
    assert f'href="https://polygonscan.com/address/{wallet.address}"' in html


def test_the_chain_of_a_solana_wallet(staff):
    sign_in(Client(), SolanaWallet())

    html = staff.get(LIST).content.decode()

    assert cell(html, "wallet_network") == "solana"
    assert cell(html, "wallet_chain") == "mainnet"


def test_accounts_of_other_providers_look_as_before(staff, settings):
    settings.SOCIALACCOUNT_SOCIALACCOUNT_STR = None  # the demo's asks for an app of that provider
    row = elsewhere()

    html = staff.get(LIST).content.decode()
    assert cell(html, "uid") == "4711"
    for name in WalletAdminMixin.wallet_list_display:
        assert cell(html, name) == "-"
    assert "a-secret-of-theirs" not in html

    html = staff.get(change_url(row)).content.decode()
    assert 'name="uid"' in html
    assert '<textarea name="extra_data"' in html
    assert "What was signed" not in html
    assert "field-wallet" not in html


@pytest.mark.parametrize(
    "spelled",
    [
        str,
        str.lower,
        str.upper,
        lambda address: address[2:],
        lambda address: address[2:].upper(),
        lambda address: address[10:20].lower(),
    ],
    ids=["as it is", "lower", "upper", "without 0x", "upper without 0x", "a part"],
)
def test_it_is_found_by_its_address(staff, wallet, other_wallet, spelled):
    sign_in(Client(), wallet)
    sign_in(Client(), other_wallet)

    html = staff.get(LIST, {"q": spelled(wallet.address)}).content.decode()

    assert cell(html, "uid") == wallet.address


def test_it_is_found_by_its_user_as_before(staff):
    elsewhere()

    assert "4711" in staff.get(LIST, {"q": "grace"}).content.decode()
    assert "4711" not in staff.get(LIST, {"q": "ada"}).content.decode()


def fill(data: dict, providers: list[str]) -> None:
    """As many rows as there are ``providers``, each of a user of its own."""
    user_model = get_user_model()
    users = user_model.objects.bulk_create(
        user_model(username=f"user-{number}") for number in range(len(providers))
    )
    SocialAccount.objects.bulk_create(
        SocialAccount(user=user, provider=provider, uid=f"0x{number:040x}", extra_data=data)
        for number, (user, provider) in enumerate(zip(users, providers, strict=True))
    )


@pytest.mark.parametrize("search", ["", "0x00"])
def test_many_rows_cost_as_many_queries_as_one(staff, wallet, search):
    sign_in(Client(), wallet)
    with CaptureQueriesContext(connection) as of_one:
        staff.get(LIST, {"q": search})
    fill(SocialAccount.objects.get().extra_data, ["moralis"] * 90)

    with CaptureQueriesContext(connection) as of_many:
        html = staff.get(LIST, {"q": search}).content.decode()

    assert html.count("https://etherscan.io/address/") >= 90
    assert len(of_many) <= len(of_one)


def test_rows_of_other_providers_cost_no_query_of_ours(staff, settings):
    settings.SOCIALACCOUNT_SOCIALACCOUNT_STR = None
    elsewhere()
    with CaptureQueriesContext(connection) as of_one:
        staff.get(LIST)
    fill({}, ["github"] * 90)

    with CaptureQueriesContext(connection) as of_many:
        staff.get(LIST)

    assert len(of_many) <= len(of_one)


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        "text",
        {"verified": [], "verified_by": ["x"], "verified_at": 5, "chain_id": [1]},
        {"network": ["evm"], "chain_id": {"a": 1}},
        {"chain_id": "137"},
        {"verified_at": "9999-12-31T23:59:59-14:00"},
        {"verified_by": "<script>alert(1)</script>", "message": "<script>alert(1)</script>"},
    ],
)
def test_it_stands_rows_that_were_not_written_by_us(staff, wallet, data):
    sign_in(Client(), wallet)
    SocialAccount.objects.update(extra_data=data)

    listed = staff.get(LIST)
    shown = staff.get(change_url(SocialAccount.objects.get()))

    for response in (listed, shown):
        assert response.status_code == 200
        assert wallet.address in response.content.decode()
        assert "<script>alert" not in response.content.decode()


# --- The detail page -------------------------------------------------------------------------


def test_the_detail_shows_the_signed_text_and_its_signature(staff, wallet):
    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()

    html = staff.get(change_url(row)).content.decode()

    assert field(html, "uid") == wallet.address
    assert field(html, "wallet_message") == escape(row.extra_data["message"]).replace("\n", "<br>")
    assert field(html, "wallet_signature") == row.extra_data["signature"]
    assert row.extra_data["verified"]["nonce"] in field(html, "extra_data")


def test_evidence_cannot_be_edited(staff, wallet):
    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()
    before = (row.provider, row.uid, row.extra_data)

    response = staff.post(
        change_url(row),
        {"user": row.user_id, "provider": "github", "uid": "0x0", "extra_data": "{}"},
    )

    assert response.status_code == 302
    row.refresh_from_db()
    assert (row.provider, row.uid, row.extra_data) == before


def test_its_user_can_be_changed_as_before(staff, wallet):
    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()
    grace = get_user_model().objects.create_user("grace")

    staff.post(change_url(row), {"user": grace.pk})

    row.refresh_from_db()
    assert row.user == grace


def test_an_account_can_be_added_as_before(staff):
    html = staff.get(reverse("admin:socialaccount_socialaccount_add")).content.decode()

    for name in ("user", "provider", "uid", "extra_data"):
        assert f'name="{name}"' in html


def test_a_pending_challenge_is_nowhere(staff, wallet):
    sign_in(Client(), wallet)
    visitor = Client()
    handle, message = obtain_challenge(visitor, wallet)
    nonce = search(r"Nonce: (\w+)", message)[1]
    request_challenge(staff, wallet)  # of the one who looks, too

    assert not admin.site.is_registered(Session)
    pages = [
        staff.get("/admin/"),
        staff.get(LIST),
        staff.get(change_url(SocialAccount.objects.get())),
    ]

    for response in pages:
        html = response.content.decode()
        assert response.status_code == 200
        assert handle not in html
        assert nonce not in html


# --- Whose class is registered ----------------------------------------------------------------


def test_it_takes_the_place_of_allauths_own():
    site = admin.AdminSite()
    site.register(SocialAccount, SocialAccountAdmin)

    register(site)

    assert type(site.get_model_admin(SocialAccount)) is WalletSocialAccountAdmin


def test_a_class_of_the_sites_own_stays():
    class Theirs(SocialAccountAdmin):
        pass

    site = admin.AdminSite()
    site.register(SocialAccount, Theirs)

    register(site)

    assert type(site.get_model_admin(SocialAccount)) is Theirs


def test_a_model_that_the_site_took_away_stays_away():
    site = admin.AdminSite()

    register(site)

    assert not site.is_registered(SocialAccount)


def test_a_class_of_the_sites_own_can_take_the_mixin(staff, wallet, rf):
    class Theirs(WalletAdminMixin, admin.ModelAdmin):
        list_display = ("uid",)
        readonly_fields = ("last_login",)
        fieldsets = (
            ("Who", {"fields": [["user", "provider"], "uid", "extra_data"], "classes": ["wide"]}),
        )

    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()
    request = rf.get("/")
    request.user = get_user_model().objects.get(username="root")
    theirs = Theirs(SocialAccount, admin.AdminSite())

    assert theirs.get_list_display(request) == ("uid", *WalletAdminMixin.wallet_list_display)
    assert [name for name, _ in theirs.get_fieldsets(request, row)] == [
        "Who",
        "Wallet",
        "What was signed",
    ]
    assert theirs.get_fieldsets(request, row)[0][1] == {
        "fields": [["user", "provider"], "uid"],
        "classes": ["wide"],
    }
    assert theirs.get_fieldsets(request, elsewhere()) == Theirs.fieldsets
    assert "last_login" in theirs.get_readonly_fields(request, row)
    page = theirs.changeform_view(request, str(row.pk))
    assert isinstance(page, TemplateResponse)
    assert page.render().status_code == 200


#: What a site's own application may have done by the time that ours is loaded, or does later.
SITES = {
    "nothing": "",
    "own class": """
from django.contrib import admin
from allauth.socialaccount.admin import SocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
admin.site.unregister(SocialAccount)
@admin.register(SocialAccount)
class Theirs(SocialAccountAdmin):
    pass
""",
}
SCRIPT = """
import sys
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="allauth.urls",
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
        "django.contrib.sessions", *sys.argv[1].split(","), "allauth", "allauth.account",
    ],
)
django.setup()
from allauth.socialaccount.models import SocialAccount
if "django.contrib.admin" in settings.INSTALLED_APPS:
    from django.contrib import admin
    print(type(admin.site.get_model_admin(SocialAccount)).__name__)
else:
    print("allauth_moralis.admin" in sys.modules)
"""
ADMIN, ALLAUTH, OURS, THEIRS = (
    "django.contrib.admin",
    "allauth.socialaccount",
    "allauth_moralis",
    "their_site",
)


@pytest.mark.parametrize(
    ("order", "does", "class_name"),
    [
        ((ADMIN, ALLAUTH, OURS), "nothing", "WalletSocialAccountAdmin"),
        ((ADMIN, OURS, ALLAUTH), "nothing", "WalletSocialAccountAdmin"),
        ((OURS, ALLAUTH, ADMIN), "nothing", "WalletSocialAccountAdmin"),
        ((ALLAUTH, OURS, ADMIN), "nothing", "WalletSocialAccountAdmin"),
        ((THEIRS, OURS, ALLAUTH, ADMIN), "own class", "Theirs"),
        ((OURS, THEIRS, ALLAUTH, ADMIN), "own class", "Theirs"),
        ((ALLAUTH, OURS, ADMIN, THEIRS), "own class", "Theirs"),
        ((ALLAUTH, OURS), "nothing", "False"),
    ],
)
def test_the_order_of_the_applications_does_not_matter(tmp_path, order, does, class_name):
    package = tmp_path / THEIRS
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "admin.py").write_text(SITES[does])

    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, ",".join(order)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout.strip() == class_name, result.stdout + result.stderr


# --- Staff who are no superusers --------------------------------------------------------------


@pytest.fixture
def clerk(client, django_user_model) -> Client:
    """Somebody of the staff with every right on social accounts."""
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="socialaccount"))
    client.force_login(user)
    return client


def test_staff_move_no_wallet_to_another_user(clerk, wallet, django_user_model):
    root = django_user_model.objects.create_superuser("root")
    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()

    page = clerk.get(change_url(row)).content.decode()
    clerk.post(change_url(row), {"user": root.pk, "_save": ""})

    assert 'name="user"' not in page
    row.refresh_from_db()
    assert row.user_id != root.pk


def test_staff_add_no_wallet(clerk, wallet, django_user_model):
    root = django_user_model.objects.create_superuser("root")
    fields = {"user": root.pk, "provider": "moralis", "uid": wallet.address, "extra_data": "{}"}

    response = clerk.post(f"{LIST}add/", fields)

    assert response.status_code == 403
    assert not SocialAccount.objects.exists()


def test_staff_make_no_wallet_of_another_providers_row(clerk, wallet):
    row = elsewhere()
    fields = {"user": row.user_id, "provider": "moralis", "uid": wallet.address}

    clerk.post(change_url(row), {**fields, "extra_data": "{}", "_save": ""})

    row.refresh_from_db()
    assert row.provider == "github"


def test_superuser_moves_a_wallet(staff, wallet, django_user_model):
    ada = django_user_model.objects.create_user("ada")
    sign_in(Client(), wallet)
    row = SocialAccount.objects.get()

    staff.post(change_url(row), {"user": ada.pk, "_save": ""})

    row.refresh_from_db()
    assert row.user_id == ada.pk
