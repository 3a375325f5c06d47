"""Users of Moralis' tutorial are imported."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.urls import reverse

from allauth_moralis.importing import sources
from allauth_moralis.testing import EvmWallet, sign_in

from ..ceremony import user_of
from .common import links, run, tutorial_user

pytestmark = pytest.mark.django_db


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

    assert "not verified yet; imported from tutorial" in html


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
