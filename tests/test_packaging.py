"""The wheel carries what it needs, and the README's lines add it to another project."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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
assert b"Your account has no password set up." in refused, refused
print("signed in")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_carries_templates_static_files_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "allauth_moralis"
    files = {
        str(path.relative_to(ROOT))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert files <= names
    assert "allauth_moralis/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "config/", "templates/"))]


def test_it_installs_into_another_project_by_the_readmes_lines(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    readme = (ROOT / "README.md").read_text()
    lines = re.search(r"```python\n# settings\.py\n(.*?)```", readme, re.DOTALL)[1]
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
