"""What is published: the wheel and the sdist carry what they need, and say what is true.

The README's lines add the wheel to another project.
"""

import re
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import yaml

from .ceremony import search
from .plain_site import SETTINGS, URLS

ROOT = Path(__file__).parent.parent

SCRIPT = """
import sys
import django

django.setup()

from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment

import allauth_moralis

assert allauth_moralis.__file__.startswith(sys.argv[1]), allauth_moralis.__file__
setup_test_environment()
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)

sys.path.append(sys.argv[2])
from allauth_moralis.testing import sign_in
from allauth_moralis.testing import EvmWallet, sign_in

client, wallet = Client(), EvmWallet()
assert b"moralis/login/" in client.get("/accounts/login/").content
assert b"moralis/moralis.js" in client.get("/accounts/moralis/login/").content
assert finders.find("moralis/moralis.js")
assert sign_in(client, wallet)["Location"] == "/accounts/profile/"
assert wallet.address.encode() in client.get("/accounts/profile/").content
assert b"Ethereum, added on" in client.get("/accounts/3rdparty/").content
refused = client.post("/accounts/3rdparty/", {"account": "1"}).content
assert b"This is the only way into your account." in refused, refused
print("signed in")
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """The folder of a wheel and an sdist, both made of the working tree."""
    out = tmp_path_factory.mktemp("dist")
    command = ["-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", str(out)]
    subprocess.run([sys.executable, *command, str(ROOT)], check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(dist) -> set[str]:
    """The names of the files in the sdist, below its one folder."""
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def metadata(wheel) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def package_files() -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "allauth_moralis").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_carries_templates_static_files_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert package_files() <= names
    assert "allauth_moralis/py.typed" in names


def test_wheel_carries_nothing_but_the_package(wheel):
    folders = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {folder.partition("-")[0] for folder in folders} == {
        "allauth_moralis",
        "django_allauth_moralis",
    }


def test_sdist_carries_the_package_and_the_sources_of_the_documents(sdist):
    documents = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "docs").rglob("*")
        if path.is_file() and not {"_build", "__pycache__"} & set(path.parts)
    }

    assert package_files() | documents <= sdist
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"} <= sdist


def test_sdist_carries_neither_what_was_built_nor_the_demo(sdist):
    assert not [name for name in sdist if "_build" in name or "__pycache__" in name]
    assert not [
        name
        for name in sdist
        if name.startswith(("tests/", "config/", "locale/", "templates/", "."))
        and name != ".gitignore"
    ]


def test_metadata_names_people_and_places(metadata):
    places = dict(value.split(", ") for value in metadata.get_all("Project-URL"))

    assert metadata["Author"]
    assert set(places) >= {"Homepage", "Documentation", "Source", "Changelog", "Issues"}
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_classifiers_are_what_the_workflow_runs(metadata):
    """Each Python and each Django that the package claims, and no other."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    matrix = workflow["jobs"]["matrix"]["strategy"]["matrix"]
    classifiers = metadata.get_all("Classifier")

    def claimed(prefix: str) -> set[str]:
        return {c.removeprefix(prefix) for c in classifiers if re.fullmatch(prefix + r"\d\.\d+", c)}

    assert claimed("Programming Language :: Python :: ") == set(matrix["python"])
    assert claimed("Framework :: Django :: ") == set(matrix["django"])


def test_requirements_hold_for_the_oldest_python_that_is_claimed(metadata):
    oldest = metadata["Requires-Python"].removeprefix(">=")
    for path in ROOT.glob("requirements*.txt"):
        assert f"--python-version {oldest} " in path.read_text(), path


def test_changelog_dates_the_version(metadata):
    heading = rf"^## {re.escape(metadata['Version'])} - \d{{4}}-\d{{2}}-\d{{2}}$"
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert re.search(heading, changelog, re.MULTILINE)
    assert changelog.index("\n## Unreleased\n") < changelog.index(f"\n## {metadata['Version']}")


# --- Beside what is published -----------------------------------------------------------------


OTHERS = ["requirements-dev.txt", "conformance/requirements.txt", "tests/fuzz/requirements.txt"]


@pytest.mark.parametrize("name", ["requirements.txt", *OTHERS])
def test_pins_have_hashes_and_name_no_host(name):
    text = (ROOT / name).read_text()
    pins = re.findall(r"^[\w.-]+==\S+.*(?:\n    --hash.*)*", text, re.MULTILINE)

    assert pins
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in text
    assert re.findall(r"^ *--(?!hash=)\S+", text, re.MULTILINE) == []


def test_pins_of_one_package_agree():
    def pinned(name: str) -> set[str]:
        found = re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE)
        return set(found)

    for other in OTHERS:
        assert pinned("requirements.txt") <= pinned(other), other


def test_workflow_calls_targets_that_there_are():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    jobs = workflow["jobs"]
    called = {*jobs["make"]["strategy"]["matrix"]["target"], "matrix"}
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert called >= {"test", "check", "docs", "matrix", "conformance", "allauth-suite"}
    assert called <= set(targets)


def test_readme_lines_add_the_wheel_to_another_project(wheel, tmp_path):
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    readme = (ROOT / "README.md").read_text()
    lines = search(r"```python\n# settings\.py\n(.*?)```", readme, re.DOTALL)[1]
    (tmp_path / "elsewhere_settings.py").write_text(SETTINGS + lines)
    (tmp_path / "elsewhere_urls.py").write_text(URLS)
    (tmp_path / "script.py").write_text(SCRIPT)

    result = subprocess.run(
        [sys.executable, "script.py", str(tmp_path / "site"), str(ROOT)],
        cwd=tmp_path,
        env={
            "PYTHONPATH": f"{tmp_path / 'site'}:{tmp_path}",
            "DJANGO_SETTINGS_MODULE": "elsewhere_settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout.endswith("signed in\n"), result.stdout + result.stderr


def test_make_run_on_a_port_in_use_says_so_and_how_to_choose_another(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".demo").touch()
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [shutil.which("make") or "make", "run", f"VENV={tmp_path}", f"PORT={port}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert result.returncode != 0
    assert f"Port {port} is in use" in result.stderr
    assert "make run PORT=" in result.stderr
