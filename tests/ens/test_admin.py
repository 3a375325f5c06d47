"""Names in Django's admin, of the wallets of others."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from ..ceremony import search
from .common import ADA, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(django_user_model) -> Client:
    client = Client()
    user = django_user_model.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_socialaccount"))
    client.force_login(user)
    return client


def admin_url(name: str) -> str:
    row = SocialAccount.objects.get()
    return reverse(f"admin:socialaccount_socialaccount_{name}", args=[row.pk])


def test_staff_who_may_view_a_wallet_are_told_its_name(ada, staff, node):
    html = staff.get(admin_url("change")).content.decode()
    assert place(ada) in html
    url = search(r'names\.js" data-url="([^"]+)"', html)[1]
    assert node.calls == []

    assert staff.get(url).json() == {ada: ADA}


def test_other_staff_and_the_owner_are_not(client, ada, staff, node, django_user_model):
    url = admin_url("ens_names")
    django_user_model.objects.get(username="staff").user_permissions.clear()

    assert staff.get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert node.calls == []


def test_the_admin_has_no_names_of_what_is_no_wallet(ada, staff, node):
    url = admin_url("ens_names")
    SocialAccount.objects.update(provider="github")

    assert staff.get(url).status_code == 404
    assert (
        staff.get(reverse("admin:socialaccount_socialaccount_ens_names", args=[0])).status_code
        == 404
    )
    assert node.calls == []


def test_the_admin_has_no_place_and_no_names_where_they_are_off(ada, staff, node, provider):
    provider["ENS"] = False

    assert staff.get(admin_url("ens_names")).json() == {}
    assert node.calls == []
    assert "data-moralis-ens" not in staff.get(admin_url("change")).content.decode()
