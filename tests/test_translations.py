"""The catalogues say everything that is said, the package's and the demo's, and are compiled."""

import ast
import re
from gettext import c2py
from pathlib import Path

import allauth
import django
import polib
import pytest
from django.conf import settings as demo
from django.utils.translation import to_language
from django.utils.translation.template import templatize

import allauth_moralis

PACKAGE = Path(allauth_moralis.__file__).parent
DEMO = PACKAGE.parent
LOCALES = ["de", "es", "fr", "ja", "zh_Hans"]
CATALOGUES = [(folder, locale) for folder in (PACKAGE, DEMO) for locale in LOCALES]
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
MARKED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}


def said_in_python(folder: Path) -> set[str]:
    return {
        ast.literal_eval(node.args[0])
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in MARKED
        and isinstance(node.args[0], ast.Constant)
    }


def said_in_templates(folder: Path) -> set[str]:
    marked = re.compile(r"\b(?:n?gettext|_)\(u?((?:'(?:[^'\\]|\\.)*')|(?:\"(?:[^\"\\]|\\.)*\"))")
    return {
        ast.literal_eval(text)
        for path in (folder / "templates").rglob("*.*")
        for text in marked.findall(templatize(path.read_text()))
    }


def path_of(folder: Path, locale: str, kind: str = "po") -> str:
    return str(folder / "locale" / locale / "LC_MESSAGES" / f"django.{kind}")


def catalogue(folder: Path, locale: str) -> polib.POFile:
    return polib.pofile(path_of(folder, locale))


def compiled(folder: Path, locale: str) -> polib.MOFile:
    return polib.mofile(path_of(folder, locale, "mo"))


def translated(folder: Path, locale: str) -> set[str]:
    return {entry.msgid for entry in catalogue(folder, locale) if entry.translated()}


def test_the_demo_offers_each_language():
    offered = [code for code, _ in demo.LANGUAGES]

    assert offered == ["en", *map(to_language, LOCALES)]
    for folder in (PACKAGE, DEMO):
        assert sorted(path.name for path in (folder / "locale").iterdir()) == LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_package_is_translated(locale):
    said = said_in_python(PACKAGE) | said_in_templates(PACKAGE)
    ours = translated(PACKAGE, locale)

    assert len(said) > 90
    assert said - ours == ALLAUTHS
    assert ours <= said, "`make messages` drops what is no longer said"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_demo_is_translated_once(locale):
    said = said_in_python(DEMO / "config") | said_in_templates(DEMO)
    ours = translated(DEMO, locale)
    packages = translated(PACKAGE, locale)
    allauths = {entry.msgid for entry in compiled(Path(allauth.__file__).parent, locale)}

    assert len(said) > 40
    assert said - ours <= packages | allauths
    assert ours.isdisjoint(packages), "the demo's words would replace the package's"
    assert ours <= said, "`make messages` drops what is no longer said"


@pytest.mark.parametrize(("folder", "locale"), CATALOGUES)
def test_no_translation_is_a_guess(folder, locale):
    assert catalogue(folder, locale).fuzzy_entries() == []


@pytest.mark.parametrize(("folder", "locale"), CATALOGUES)
def test_what_stands_for_something_else_stays(folder, locale):
    held = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")
    for entry in catalogue(folder, locale).translated_entries():
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            wanted = held.findall(entry.msgid_plural or entry.msgid)
            assert sorted(held.findall(text)) == sorted(wanted), text


@pytest.mark.parametrize(("folder", "locale"), CATALOGUES)
def test_plurals_are_counted_as_django_counts_them(folder, locale):
    """Up to a thousand: for French, say, Django 6.1 has a form for millions, too."""
    ours, djangos = (
        c2py(catalogue(each, locale).metadata["Plural-Forms"].rpartition("plural=")[2].rstrip(";"))
        for each in (folder, Path(django.__file__).parent / "conf")
    )

    forms = {(ours(count), djangos(count)) for count in range(1000)}

    assert len(forms) == len({ours for ours, _ in forms}) == len({djangos for _, djangos in forms})


@pytest.mark.parametrize(("folder", "locale"), CATALOGUES)
def test_catalogue_says_of_which_language_it_is(folder, locale):
    assert catalogue(folder, locale).metadata["Language"] == locale


@pytest.mark.parametrize(("folder", "locale"), CATALOGUES)
def test_what_is_translated_is_compiled(folder, locale):
    def contents(entries):
        return {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in entries}

    written = catalogue(folder, locale).translated_entries()

    assert contents(compiled(folder, locale)) == contents(written)
