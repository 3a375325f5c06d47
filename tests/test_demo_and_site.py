"""What the demo sets and README's lines do not say is told of, and checked where it matters."""

import ast
import re
from pathlib import Path

import pytest
from django.core.checks import run_checks

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "explanation" / "the-demo-and-your-site.md").read_text()
#: Of the module itself, or what is no setting.
HELPERS = {"BASE_DIR"}


def settings_of_the_demo() -> set[str]:
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    names = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper()
    }
    return names - HELPERS


def in_first_column() -> set[str]:
    cells = re.findall(r"^\| (`[A-Z].*?) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def ids() -> set[str]:
    return {m.id.removeprefix("allauth_moralis.") for m in run_checks()}


def test_each_setting_of_the_demo_stands_in_the_table():
    assert in_first_column() == settings_of_the_demo()


def test_each_check_that_the_table_names_is_one():
    checks = "".join(path.read_text() for path in (ROOT / "allauth_moralis/checks").glob("*.py"))
    rules = {f"E{number:03d}" for number in map(int, re.findall(r"number=(\d+)", checks))}

    named = set(re.findall(r"\b([EW]\d{3})\b", PAGE))

    assert named <= rules | set(re.findall(r"allauth_moralis\.([EW]\d{3})", checks))


@pytest.mark.parametrize(("urls", "found"), [("config.urls", False), ("urls_at_the_root", True)])
def test_sign_in_is_asked_for_where_there_is_no_page(settings, urls, found):
    settings.LOGIN_URL = "/accounts/login/"
    settings.ROOT_URLCONF = urls if urls.startswith("config") else f"tests.{urls}"

    assert ("W041" in ids()) is found


def test_sign_in_is_asked_for_where_the_site_says(settings):
    settings.ROOT_URLCONF = "tests.urls_at_the_root"

    assert "W041" not in ids()


def test_site_without_our_pages_is_asked_for_no_sign_in_page(settings):
    settings.LOGIN_URL = "/accounts/login/"
    settings.ROOT_URLCONF = "django.contrib.auth.urls"

    assert "W041" not in ids()


def test_headless_adapter_without_the_mixin(settings):
    settings.HEADLESS_ADAPTER = "allauth.headless.adapter.DefaultHeadlessAdapter"

    assert "W042" in ids()
