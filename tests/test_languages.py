"""The pages in each language: what people read is theirs, and nothing of it is left in English."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import allauth
import django
import pytest
from django.test.html import Element, parse_html
from django.urls import reverse
from django.utils.translation import override, to_language

from allauth_moralis.testing import answer, sign_in

from .ceremony import json_code, page_code, post_json
from .test_translations import DEMO, LOCALES, PACKAGE, catalogue, compiled

pytestmark = pytest.mark.django_db

#: Attributes that people read or hear.
READ = {"alt", "aria-label", "data-moralis-copied", "placeholder", "title"}
WALLET_PAGE = "/accounts/moralis/login/"
FOR_ANYBODY = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/no-such-page/",
    WALLET_PAGE,
    f"{WALLET_PAGE}?process=connect",
]
WITH_A_WALLET = [
    "/",
    "/accounts/profile/",
    "/accounts/3rdparty/",
    f"{WALLET_PAGE}?process=connect",
    f"{WALLET_PAGE}?process=reauthenticate",
]


def texts(node: Element | str) -> Iterator[str]:
    """Give what people read, but for addresses, names and what is signed."""
    if isinstance(node, str):
        yield " ".join(node.split())
        return
    attributes = dict(node.attributes)
    english = attributes.get("lang") == "en"
    if node.name in {"script", "style"} or english or attributes.get("translate") == "no":
        return
    yield from (value or "" for name, value in attributes.items() if name in READ)
    for child in node.children:
        yield from texts(child)


def read(client, path: str, language: str) -> set[str]:
    response = client.get(path, headers={"accept-language": language})
    html = parse_html(response.content.decode())
    page = response.context.get("page")
    said = {
        *chain.from_iterable(map(texts, html.children)),
        *(page["texts"].values() if page else ()),
    }
    return {text for text in said if any(letter.isalpha() for letter in text)}


def alike(locale: str) -> set[str]:
    """Return the texts that are the same in English, as "Wallet" is in German."""
    others = [Path(allauth.__file__).parent, Path(django.__file__).parent / "conf"]
    entries = [entry for folder in (PACKAGE, DEMO, *others) for entry in compiled(folder, locale)]
    return {entry.msgid for entry in entries if entry.msgid == entry.msgstr}


@pytest.mark.parametrize("path", FOR_ANYBODY)
@pytest.mark.parametrize("locale", LOCALES)
def test_no_english_is_left(client, locale, path):
    english = read(client, path, "en")

    assert len(english) > 5
    assert read(client, path, to_language(locale)) & english <= alike(locale)


@pytest.mark.parametrize("path", WITH_A_WALLET)
@pytest.mark.parametrize("locale", LOCALES)
def test_no_english_is_left_for_who_is_signed_in(client, wallet, locale, path):
    sign_in(client, wallet)
    english = read(client, path, "en")

    assert len(english) > 5
    assert read(client, path, to_language(locale)) & english <= alike(locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_and_refusals_speak_it(client, locale):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = to_language(locale)
    entries = {entry.msgid: entry.msgstr for entry in catalogue(PACKAGE, locale)}

    page = client.get(reverse("moralis_login"))
    assert f'lang="{to_language(locale)}" dir="ltr"' in page.content.decode()
    assert entries["Sign in with a wallet"] in page.content.decode()
    assert page.context["page"]["texts"]["choose"] == entries["Choose a wallet."]
    refused = post_json(client, {"address": "0x12"})
    assert json_code(refused) == "invalid_address"
    assert refused.json()["error"]["message"] == entries["That is not a valid wallet address."]
    assert page_code(answer(client, "x", "0x00")) == "challenge_missing"


def test_browsers_in_china_get_simplified_chinese(client):
    page = client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})

    assert 'lang="zh-hans"' in page.content.decode()


@pytest.mark.parametrize(("name", "said"), [("Wallet", "Billetera"), ("Geldkatze", "Geldkatze")])
def test_the_name_of_the_provider_is_said_in_the_language_too(client, wallet, provider, name, said):
    provider["NAME"] = name
    sign_in(client, wallet)

    assert said in read(client, "/accounts/3rdparty/", "es")


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/"])
def test_the_way_in_by_wallet_is_one_sentence(client, page):
    assert "Iniciar sesión con una billetera" in read(client, page, "es")


def test_other_languages_get_english(client, settings):
    settings.LANGUAGES = [("fi", "Finnish")]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fi"

    with override("fi"):
        page = client.get(reverse("moralis_login"))

    assert "Sign in with a wallet" in page.content.decode()
