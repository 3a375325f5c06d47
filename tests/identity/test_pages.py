"""What people are shown of a contract wallet: its address, and its chain by name."""

from dataclasses import replace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from allauth_moralis.provider import MoralisAccount
from allauth_moralis.siwx.chains import CHAINS
from allauth_moralis.siwx.wallets import EVM, Wallet
from allauth_moralis.testing import HeadlessClient, sign_in
from allauth_moralis.testing.factories import create_wallet_user, link_wallet

from ..ceremony import search, short
from .conftest import BASE, UNNAMED

pytestmark = pytest.mark.django_db

ELSEWHERE = "counts as another wallet."


def account(wallet, **data) -> MoralisAccount:
    row = SocialAccount(provider="moralis", uid=wallet.uid, extra_data={"network": EVM, **data})
    return MoralisAccount(row)


# --- Names ------------------------------------------------------------------------------------


def test_contract_wallet_is_named_with_its_chain(unverified):
    named = account(unverified, label="Savings")

    assert account(unverified).to_str() == f"{short(unverified)} (Base)"
    assert named.to_str() == f"Savings · {short(unverified)} (Base)"
    assert named.network_name == "Base"
    assert named.wallet == Wallet(EVM, unverified.address, chain_id=BASE)


def test_chain_without_a_name_is_named_by_its_number(unverified):
    assert account(replace(unverified, chain_id=UNNAMED)).to_str().endswith(" (chain 31337)")
    with override("fi"):
        assert account(replace(unverified, chain_id=UNNAMED)).network_name == "chain 31337"


@pytest.mark.parametrize(
    ("chain_id", "explorer"), [(BASE, "https://basescan.org"), (UNNAMED, "https://blockscan.com")]
)
def test_explorer_is_that_of_the_wallets_own_chain(unverified, chain_id, explorer):
    wallet = account(replace(unverified, chain_id=chain_id), chain_id=1)

    assert wallet.get_profile_url() == f"{explorer}/address/{unverified.address}"


def test_explorer_of_a_row_that_was_edited_by_hand(wallet):
    url = account(wallet, chain_id=["8453"]).get_profile_url()

    assert url == f"https://blockscan.com/address/{wallet.address}"


def test_every_named_chain_has_an_explorer_and_a_name_of_its_own():
    assert len({chain.name for chain in CHAINS.values()}) == len(CHAINS) > 20
    assert len({chain.explorer for chain in CHAINS.values()}) == len(CHAINS)
    for chain in CHAINS.values():
        assert search(r"^https://[a-z.]+$", chain.explorer)


# --- Pages ------------------------------------------------------------------------------------


@pytest.fixture
def page_of(client, unverified):
    """Return the pages of somebody who signed in by this wallet."""
    user = create_wallet_user(unverified)

    def get(name: str) -> str:
        client.force_login(user)
        return client.get(reverse(name)).content.decode()

    return get


def test_profile_says_in_words_who_verified_the_wallet(page_of, unverified):
    html = page_of("moralis_profile")

    assert search(r"Last verified on [^<]+ by its contract, on Base\.", html)
    assert f"{short(unverified)} (Base)" in html
    assert "Base, added on" in html
    assert f'href="https://basescan.org/address/{unverified.address}"' in html


def test_profile_has_the_bare_address_to_copy_and_the_account_id_as_a_detail(page_of, unverified):
    html = page_of("moralis_profile")

    copied = search(r'id="moralis-address-\d+">([^<]*)</code>', html)
    assert copied[1] == unverified.address
    assert html.count(unverified.uid) == 1
    assert search(rf"account id \(CAIP-10\)</dt>\s*<dd[^>]*>{unverified.uid}<", html)


def test_profile_has_no_account_id_for_a_wallet_with_a_key(client, wallet):
    client.force_login(create_wallet_user(wallet))

    assert "CAIP-10" not in client.get(reverse("moralis_profile")).content.decode()


def test_connections_page_tells_the_chains_apart(client, unverified):
    user = create_wallet_user(unverified)
    link_wallet(user, replace(unverified, chain_id=UNNAMED))
    client.force_login(user)

    html = client.get(reverse("socialaccount_connections")).content.decode()

    assert f"{short(unverified)} (Base)" in html
    assert f"{short(unverified)} (chain 31337)" in html
    assert "Chain 31337, added on" in html


def test_this_sessions_wallet_is_marked_among_those_of_its_address(client, owned, twin):
    sign_in(client, owned)
    sign_in(client, twin, process="connect")

    for name in ("moralis_profile", "socialaccount_connections"):
        html = client.get(reverse(name)).content.decode()
        assert html.count("This session") == 1
        assert html.index("(Ethereum)") < html.index("This session") < html.index("(Base)")


def test_watcher_is_given_the_account_id_and_the_network(client, owned):
    sign_in(client, owned)

    html = client.get("/").content.decode()

    assert f'data-network="evm" data-wallet="{owned.uid}"' in html


def test_emails_name_the_chain_and_the_bare_address(
    client, wallet, unverified, mailoutbox, settings
):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    user = create_wallet_user(wallet)
    user.emailaddress_set.create(email="ada@example.com", verified=True, primary=True)
    row = link_wallet(user, unverified)
    sign_in(client, wallet)

    client.post(reverse("socialaccount_connections"), {"account": row.pk})

    (mail,) = mailoutbox
    assert f"The wallet {short(unverified)} (Base) was removed" in mail.body
    assert f"Its address is {unverified.address}" in mail.body


# --- "The same address elsewhere is another wallet" ----------------------------------------------


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_new_account_is_told_its_chain_alike_whoever_has_the_address(owned, twin):
    first, second = sign_in(Client(), owned), sign_in(Client(), twin)

    sentence = search(
        r"A new account was made for your wallet on Ethereum\..* sign in again\.", said(first)
    )
    assert "switch your wallet to the chain that you used then" in sentence[0]
    assert sentence[0].replace("Ethereum", "Base") in said(second)


def test_linked_wallet_is_told_its_chain(client, wallet, owned):
    sign_in(client, wallet)

    response = sign_in(client, owned, process="connect")

    assert "The wallet that you linked is the one on Ethereum." in said(response)
    client.get(response["Location"])  # where it is shown, and then gone
    assert ELSEWHERE not in said(sign_in(client, owned, process="connect"))


def test_wallet_that_returns_is_told_nothing(client, owned):
    sign_in(client, owned)
    client.logout()

    assert ELSEWHERE not in said(sign_in(client, owned))


def test_wallet_with_a_key_is_told_nothing(client, wallet, other_wallet):
    assert ELSEWHERE not in said(sign_in(client, wallet))
    assert ELSEWHERE not in said(sign_in(client, other_wallet, process="connect"))


def test_account_that_signs_up_without_a_wallet_is_told_nothing(client):
    data = {"email": "ada@example.com", "password1": "correct horse!", "username": "ada"}
    response = client.post(reverse("account_signup"), {**data, "password2": data["password1"]})

    assert response.status_code == 302
    assert ELSEWHERE not in said(response)


def test_front_end_of_a_headless_site_is_told_nothing(client, owned, settings):
    settings.HEADLESS_ONLY = True
    settings.HEADLESS_FRONTEND_URLS = {"account_login": "/"}

    response = sign_in(client, owned)

    assert response.status_code == 302
    assert ELSEWHERE not in said(response)


# --- Headless ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["app", "browser"])
def test_application_lists_and_removes_it_by_its_account_id(kind, owned, wallet):
    app = HeadlessClient(kind=kind)
    response = sign_in(app, owned)
    assert response.json()["data"]["methods"][-1]["uid"] == owned.uid
    assert ELSEWHERE not in said(response)
    sign_in(app, wallet, process="connect")

    (first, _) = app.get("account/providers").json()["data"]
    assert (first["uid"], first["display"]) == (owned.uid, f"{short(owned)} (Ethereum)")
    left = app.delete("account/providers", {"provider": "moralis", "account": owned.uid})

    assert [each["uid"] for each in left.json()["data"]] == [wallet.uid]
