"""The documents say what the code does: their tables, names, links and examples."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pydoc import locate

import pytest
from django.core.management import BaseCommand, load_command_class
from django.urls import URLPattern

from allauth_moralis import conf, exceptions, signals
from allauth_moralis.templatetags.moralis import register

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/allauth-moralis/django-allauth-moralis"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
#: Shown to those who have them, and not installed for our own tests.
OTHERS_TOOLS = ("selenium",)
TEXTS = [*PAGES, *sorted(ROOT.glob("*.md"))]


def read(path: str) -> str:
    return (ROOT / path).read_text()


def rows(path: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", read(path), re.MULTILINE)
    assert table, f"{path} has no table of {heading}"
    return [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in table[1].splitlines()]


def literal(cell: str) -> object:
    """The Python value that a cell shows as code."""
    return as_lists(ast.literal_eval(cell.strip("`")))


def as_lists(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def code(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- Tables ----------------------------------------------------------------------------------


def test_settings_and_their_defaults_are_those_of_the_code():
    documented = {
        key.strip("`"): literal(default)
        for key, default, _ in rows("docs/reference/settings.md", "key")
    }

    assert documented == {key: as_lists(value) for key, value in conf.DEFAULTS.items()}


def test_statements_are_those_of_the_code():
    documented = {
        process.strip("`"): text.strip("`")
        for process, text in rows("docs/reference/settings.md", "process")
    }

    assert documented == conf.STATEMENTS


def errors(base: type[exceptions.WalletError]) -> set[type[exceptions.WalletError]]:
    return {base}.union(*map(errors, base.__subclasses__()))


def test_refusals_and_their_statuses_are_those_of_the_code():
    documented = [
        (refusal.strip("`"), int(status))
        for refusal, status, _ in rows("docs/reference/refusals.md", "code")
    ]
    known = {
        (error.code, int(error.status))
        for error in errors(exceptions.WalletError)
        if error.__module__.startswith("allauth_moralis.") and hasattr(error, "code")
    }

    assert len(documented) == len(set(documented))
    assert set(documented) == known


def test_environment_is_what_the_demo_reads():
    documented = {row[0].strip("`") for row in rows("docs/reference/environment.md", "variable")}
    read_there = re.findall(
        r'\b(?:env(?:\.\w+)?|listed|nodes)\(\s*"(\w+)"', read("config/settings.py")
    )

    assert documented == set(read_there)


def test_urls_are_those_of_the_code():
    # DEBUG is still on while tests are collected, and brings more: the development wallet's.
    urlpatterns = import_module("allauth_moralis.urls").urlpatterns
    documented = {
        row[0].strip("`"): row[1].strip("`") for row in rows("docs/reference/urls.md", "name")
    }

    assert documented == {
        pattern.name: str(pattern.pattern)
        for pattern in urlpatterns
        if isinstance(pattern, URLPattern) and str(pattern.name).startswith("moralis_")
    }


def test_signals_are_those_of_the_code():
    documented = {row[0].strip("`") for row in rows("docs/reference/events.md", "signal")}

    assert documented == {key for key in vars(signals) if key.islower() and key[0] != "_"}


def test_template_tags_are_those_of_the_code():
    documented = re.findall(r"^## `(\w+)`", read("docs/reference/template-tags.md"), re.MULTILINE)

    assert sorted(documented) == sorted(register.tags)


def options(command: BaseCommand) -> set[str]:
    parser = command.create_parser("manage.py", "")
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize(
    "command",
    sorted(path.stem for path in (ROOT / "allauth_moralis/management/commands").glob("m*.py")),
)
def test_commands_and_their_options_are_those_of_the_code(command):
    section = re.search(
        rf"^## `{command}`\n(.*?)(?=^## |\Z)",
        read("docs/reference/commands.md"),
        re.MULTILINE | re.DOTALL,
    )
    assert section, f"{command} is not documented"
    own = options(load_command_class("allauth_moralis", command)) - options(BaseCommand())

    assert set(re.findall(r"^\| `(--[\w-]+)`", section[1], re.MULTILINE)) == own


def test_template_blocks_are_those_of_the_pages():
    documented = {
        (row[0].strip("`"), row[1].strip("`")) for row in rows("docs/how-to/styling.md", "template")
    }
    templates = ROOT / "allauth_moralis" / "templates"

    assert documented == {
        (str(path.relative_to(templates)), block)
        for path in templates.rglob("*.html")
        for block in re.findall(r"{% block (moralis_\w+)", path.read_text())
    }


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_security_table_names_tests_that_exist():
    lines = re.findall(r"^\| (\d+) \| (.+) \|$", read("docs/security.md"), re.MULTILINE)

    assert [int(number) for number, _ in lines] == list(range(1, 42))
    for number, line in lines:
        *said, to_whom, held_by = line.split(" | ")
        assert len(said) == 2, number
        assert all(said), number
        assert to_whom in ("owner", "visitor", "both"), number
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", held_by)
        assert ", ".join(f"`{path}::{test}`" for path, test in named) == held_by, number
        for path, test in named:
            assert (ROOT / path).is_file(), f"{number}: {path}"
            assert test in functions_of(ROOT / path), f"{number}: {path}::{test}"


def test_security_document_names_files_that_exist():
    for path in re.findall(r"`(tests/[\w/.]+)`", read("docs/security.md")):
        assert (ROOT / path).exists(), path


# --- Links and names -------------------------------------------------------------------------


def test_readme_is_short():
    assert len(read("README.md").splitlines()) <= 150


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_links_into_the_repository_lead_somewhere(path):
    text = path.read_text()
    raw = REPOSITORY.replace("//github.com", "//raw.githubusercontent.com")
    absolute = rf"(?:{REPOSITORY}/(?:blob|tree)|{raw})/main/([^\s)#]+)"
    relative = [] if path in PAGES else re.findall(r"\]\((?!https?://|#)([^\s)#]+)", text)

    for target in [*re.findall(absolute, text), *relative]:
        assert (ROOT / target).exists(), target


def test_readme_links_work_wherever_it_is_shown():
    """A package index shows it without the files beside it."""
    assert re.findall(r"\]\((?!https://)", read("README.md")) == []


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_python_in_documents_imports_what_there_is(path):
    for block in code(path, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None
                tool = node.module.partition(".")[0]
                if tool in OTHERS_TOOLS and find_spec(tool) is None:
                    continue
                module = import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{node.module}.{alias.name}"


def test_names_for_sites_exist():
    for full, _ in rows("docs/reference/python.md", "name"):
        assert locate(full.strip("`")) is not None, full


# --- The tutorial ----------------------------------------------------------------------------

VISITOR = """
import sys
sys.path.append(sys.argv[1])

import django
django.setup()

from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment

from allauth_moralis.testing import EvmWallet, sign_in

setup_test_environment()
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)

client, wallet = Client(), EvmWallet()
assert client.get("/")["Location"] == "/accounts/login/?next=/"
assert b"/accounts/moralis/login/" in client.get("/accounts/login/?next=/").content
assert sign_in(client, wallet, next="/")["Location"] == "/"
assert client.get("/").content.decode() == wallet.address
assert wallet.address in client.get("/accounts/profile/").content.decode()
print("signed in")
"""


def test_tutorial_leads_to_a_site_that_signs_people_in(tmp_path):
    settings, urls = code(DOCS / "tutorial.md", "python")
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "mysite", str(tmp_path)], check=True
    )
    with (tmp_path / "mysite" / "settings.py").open("a") as file:
        file.write(settings)
    (tmp_path / "mysite" / "urls.py").write_text(urls)
    (tmp_path / "visitor.py").write_text(VISITOR)

    result = subprocess.run(
        [sys.executable, "visitor.py", str(ROOT)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout.endswith("signed in\n"), result.stdout + result.stderr
