"""The contract holds on sites that differ from the demo, each in a process of its own.

Most are no demo at all but what ``startproject``, allauth's quick start and README's lines make,
with one setting of theirs changed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WHOLE = ["tests/test_contract.py", "tests/test_core.py"]
CORE = ["tests/test_core.py"]

#: What runs under the settings of each site in ``tests/sites``.
SITES = {
    # Variants of the demo.
    "atomic_requests": WHOLE,
    "headless_only": WHOLE,
    "login_required": WHOLE,
    "no_username": WHOLE,
    "sites_framework": WHOLE,
    "socialaccount_only": WHOLE,
    "uuid_keys": WHOLE,
    # Variants of a plain site.
    "email_users": CORE,
    "login_by_code_required": CORE,
    "phone": CORE,
    "phone_required": CORE,
    "plain": WHOLE,
    "plain_login_required": CORE,
    "plain_mandatory": WHOLE,
    "plain_mandatory_by_code": CORE,
    "second_factors": CORE,
}


def run(site: str, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.sites.{site}", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_site_is_forgotten():
    modules = {path.stem for path in (ROOT / "tests" / "sites").glob("*.py")}

    assert modules - {"__init__", "plain_urls"} == set(SITES)


@pytest.mark.parametrize("site", SITES)
def test_the_contract_holds(site):
    result = run(
        site,
        *("-m", "pytest", *SITES[site], "-q", "--no-cov", "--nomigrations"),
        *("-p", "no:cacheprovider"),
        DATABASE_URL="sqlite://:memory:",
    )

    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


@pytest.mark.parametrize("site", SITES)
def test_its_checks_are_clean(site):
    result = run(site, "manage.py", "check", "--fail-level", "WARNING")

    assert result.returncode == 0, result.stdout + result.stderr
