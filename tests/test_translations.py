"""The catalogues say everything that the package says, and what they say is compiled."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.urls import reverse
from django.utils.translation import get_language_info, override
from django.utils.translation.template import templatize

import allauth_moralis
from allauth_moralis.testing import answer

from .ceremony import json_code, page_code, post_json

PACKAGE = Path(allauth_moralis.__file__).parent
LANGUAGES = sorted(path.name for path in (PACKAGE / "locale").iterdir())
#: Said in allauth's words, so that its own catalogues translate them.
ALLAUTHS = {
    # On its page that asks for a confirmation.
    "Confirm Access",
    "Please reauthenticate to safeguard your account.",
    "Alternative options",
    "Account Connections",
    "Add a Third-Party Account",
    "Remove",
    "Third-Party Account Connected",
    "Third-Party Account Disconnected",
    "You currently have no third-party accounts connected to this account.",
}
MARKED = {"_", "gettext", "gettext_lazy"}


def said_in_python() -> set[str]:
    return {
        ast.literal_eval(node.args[0])
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in MARKED
        and isinstance(node.args[0], ast.Constant)
    }


def said_in_templates() -> set[str]:
    marked = re.compile(r"\bgettext\(u?((?:'(?:[^'\\]|\\.)*')|(?:\"(?:[^\"\\]|\\.)*\"))\)")
    return {
        ast.literal_eval(text)
        for path in (PACKAGE / "templates").rglob("*.*")
        for text in marked.findall(templatize(path.read_text()))
    }


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language):
    said = said_in_python() | said_in_templates()
    translated = {entry.msgid for entry in catalogue(language) if entry.translated()}

    assert len(said) > 90
    assert said - translated == ALLAUTHS
    assert translated <= said, "`make messages` drops what is no longer said"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_for_something_else_stays(language):
    held = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")
    for entry in catalogue(language).translated_entries():
        assert sorted(held.findall(entry.msgstr)) == sorted(held.findall(entry.msgid))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_translated_is_compiled(language):
    compiled = polib.mofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo"))

    assert {entry.msgid: entry.msgstr for entry in compiled} == {
        entry.msgid: entry.msgstr for entry in catalogue(language).translated_entries()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_refusals_speak_it(client, settings, language):
    settings.LANGUAGES = [(language, get_language_info(language)["name"])]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    entries = {entry.msgid: entry.msgstr for entry in catalogue(language)}

    page = client.get(reverse("moralis_login"))
    assert entries["Sign in with a wallet"] in page.content.decode()
    assert page.context["page"]["texts"]["choose"] == entries["Choose a wallet."]
    refused = post_json(client, {"address": "0x12"})
    assert json_code(refused) == "invalid_address"
    assert refused.json()["error"]["message"] == entries["That is not a valid wallet address."]
    assert page_code(answer(client, "x", "0x00")) == "challenge_missing"


def test_other_languages_get_english(client, settings):
    settings.LANGUAGES = [("fi", "Finnish")]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fi"

    with override("fi"):
        page = client.get(reverse("moralis_login"))

    assert "Sign in with a wallet" in page.content.decode()
