"""The contract holds on sites that differ from the demo, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SITES = sorted(
    path.stem for path in (ROOT / "tests" / "sites").glob("*.py") if path.stem != "__init__"
)


@pytest.mark.parametrize("site", SITES)
def test_the_contract_holds(site):
    result = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "tests/contract", "-q", "--no-cov", "--nomigrations"),
            *("-p", "no:cacheprovider", f"--ds=tests.sites.{site}"),
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "sqlite://:memory:"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


@pytest.mark.parametrize("site", SITES)
def test_its_checks_are_clean(site):
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.sites.{site}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
