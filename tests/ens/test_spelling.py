"""Which names are shown: those that cannot be taken for another one, or for an address."""

import sys

import pytest
from ens_normalize import is_ens_normalized
from hypothesis import given
from hypothesis import strategies as st

from allauth_moralis.ethereum import ens

LABEL = st.from_regex(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
NAMES = [
    "ada.eth",
    "ada-1815.eth",
    "www.ada.eth",
    "ada.example.com",
    "0xford.eth",  # begins as no address does: "o" is no digit
    "_ada.eth",
    "a--b.eth",
    "mañana.eth",
    "пример.eth",
    "例え.eth",
    "🦊.eth",
    "👩‍👩‍👧.eth",  # joined by invisible characters, as emojis are
    "a" * 60 + ".eth",
]
OTHERS = {
    "nothing": "",
    "one label": "ada",
    "dot": ".",
    "empty label": "ada..eth",
    "no label first": ".eth",
    "no label last": "ada.eth.",
    "upper case": "Ada.eth",
    "too long by one": "a" * 61 + ".eth",
    "10 kB": "a" * 10_000 + ".eth",
    "10 kB of labels": "a." * 5_000 + "eth",
    "Cyrillic letter": "vit\u0430lik.eth",
    "Cyrillic only": "\u0430\u0440\u0440.eth",
    "Cyrillic ending": "ada.\u0435th",
    "Greek letter": "c\u03bfin.eth",
    "full width": "\uff41da.eth",
    "small capital": "\u0299ob.eth",
    "dotless": "v\u0131talik.eth",
    "not composed": "man\u0303ana.eth",
    "many marks": "a" + "\u0335" * 9 + ".eth",
    "zero width space": "ada\u200b.eth",
    "zero width joiner": "ad\u200da.eth",
    "soft hyphen": "ad\u00ada.eth",
    "right-to-left override": "\u202ehte.ada",
    "isolate": "\u2066ada.eth",
    "NUL": "ada\0.eth",
    "newline": "ada.eth\n",
    "blank": "ada lovelace.eth",
    "tag": "<img src=x onerror=alert(1)>.eth",
    "entity": "&lt;.eth",
    "quote": '".eth',
    "URL": "https://ada.eth",
    "hyphens of a foreign spelling": "xn--80ak6aa92e.eth",
    "address": "0xd8da6bf26964af9d7eed9e03e53415d37aa96045",
    "address with an ending": "0xd8da6bf26964af9d7eed9e03e53415d37aa96045.eth",
    "short form of an address": "0xd8da-6045.eth",
    "address as a part": "wallet.0xd8da6bf2.eth",
    "address with a Cyrillic letter": "0\u0445d8da6bf26964af9d.eth",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_one_of_a_kind_is_shown(name):
    assert ens.is_presentable(name)


@pytest.mark.parametrize("name", OTHERS.values(), ids=OTHERS.keys())
def test_any_other_name_is_not(name):
    assert not ens.is_presentable(name)


@given(LABEL, LABEL)
def test_what_is_plain_here_is_normalized_by_the_library(first, last):
    """So the library need not be asked about it."""
    assert ens.PLAIN.fullmatch(f"{first}.{last}")
    assert is_ens_normalized(f"{first}.{last}")


@given(st.text(max_size=70))
def test_no_text_fails(name):
    if ens.is_presentable(name):
        assert is_ens_normalized(name)


def test_without_the_library_plain_names_are_shown_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "ens_normalize", None)

    assert [name for name in NAMES if ens.is_presentable(name)] == [
        name for name in NAMES if ens.PLAIN.fullmatch(name) and len(name) <= ens.MAX_LENGTH
    ]
