"""The drawings of wallets: the same one for one wallet, another one for another, and no styles."""

import re

import pytest
from django.template import Context, Template
from django.urls import reverse

from allauth_moralis.siwx.marks import SIZE, Mark
from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, sign_in

PATH = re.compile(r"M(\d) (\d)h1v1h-1z")


def cells(path: str) -> set[tuple[int, int]]:
    assert PATH.sub("", path) == ""
    return {(int(x), int(y)) for x, y in PATH.findall(path)}


def render(uid: str) -> str:
    return Template("{% load moralis %}{% moralis_mark uid %}").render(Context({"uid": uid}))


def test_drawing_of_a_wallet_never_changes():
    """People know theirs."""
    mark = Mark.of("0x71C7656EC7ab88b098defB751B7401B5f6d8976F")

    assert (mark.hue, mark.other_hue) == (153, 279)
    assert cells(mark.light) == {(2, 1), (1, 4), (3, 4)}


@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
def test_different_wallets_have_different_drawings(kind):
    assert len({Mark.of(kind().address) for _ in range(50)}) == 50


def test_letter_case_of_hex_digits_makes_no_difference_and_that_of_base58_does(wallet):
    assert Mark.of(wallet.address) == Mark.of(wallet.address.lower())
    assert Mark.of(f"eip155:1:{wallet.address}") == Mark.of(f"eip155:1:{wallet.address.lower()}")
    solana = SolanaWallet().address
    assert Mark.of(solana) != Mark.of(solana.lower())


def test_same_address_on_another_chain_is_another_wallet_and_drawing(wallet):
    uids = [wallet.address, f"eip155:1:{wallet.address}", f"eip155:8453:{wallet.address}"]

    assert len({Mark.of(uid) for uid in uids}) == 3


def test_drawing_is_symmetric_within_its_frame_and_no_cell_is_drawn_twice():
    for _ in range(50):
        mark = Mark.of(EvmWallet().address)
        dark, light = cells(mark.dark), cells(mark.light)
        assert not dark & light
        for drawn in (dark, light):
            assert drawn == {(SIZE - 1 - x, y) for x, y in drawn}
            assert all(x < SIZE and y < SIZE for x, y in drawn)


def test_two_colours_are_never_alike():
    for _ in range(200):
        mark = Mark.of(SolanaWallet().address)
        apart = abs(mark.hue - mark.other_hue)
        assert min(apart, 360 - apart) >= 90


def test_tag_needs_no_style_and_says_nothing_to_a_screen_reader(wallet):
    html = render(wallet.address)

    assert 'aria-hidden="true"' in html
    assert 'focusable="false"' in html
    assert not re.search("style|<title|href", html)


def test_tag_lets_no_markup_through():
    assert "<img" not in render("0x<img src=x>")


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["moralis_profile", "socialaccount_connections"])
def test_pages_have_the_drawing_beside_the_address(client, wallet, page):
    sign_in(client, wallet)

    html = client.get(reverse(page)).content.decode()

    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"
    drawing = re.escape(render(wallet.address).strip())
    assert len(re.findall(rf"{drawing}\s*<bdi>{short}</bdi>", html)) == 1
    assert re.search(rf'id="moralis-address-\d+">{wallet.address}</code>', html)
