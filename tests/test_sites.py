"""The contract holds on sites that differ from the demo, each in a process of its own.

Most are no demo at all but what ``startproject``, allauth's quick start and README's lines make,
with one setting of theirs changed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WHOLE = ["tests/contract", "tests/test_core.py"]
CORE = ["tests/test_core.py"]
SESSIONS = ["tests/test_meanwhile.py"]

#: What runs under the settings of each site in ``tests/sites``. Where it is nothing, the site needs
#: a real server, which it has in ``test_servers.py``.
SITES = {
    # Variants of the demo.
    "atomic_requests": WHOLE,
    "headless_only": WHOLE,
    "login_required": WHOLE,
    "no_username": WHOLE,
    "sites_framework": WHOLE,
    "socialaccount_only": WHOLE,
    "uuid_keys": WHOLE,
    # A site that grew on allauth before wallets came.
    "own_accounts": WHOLE,
    # Variants of a plain site.
    "behind_proxy": [],
    "cache_down": [],
    "email_users": CORE,
    "login_by_code_required": CORE,
    "phone": CORE,
    "phone_required": CORE,
    "plain": [*WHOLE, *SESSIONS],
    "plain_embedded": CORE,
    "plain_login_required": [*CORE, *SESSIONS],
    "plain_mandatory": WHOLE,
    "plain_mandatory_by_code": CORE,
    # What the check says is missing, it leaves out.
    "plain_without_adapters": [*CORE, "-k", "not (headless or password or unlink)"],
    "script_name": CORE,
    "second_factors": CORE,
    "signed_cookies": CORE,
}
#: The ids of what ``manage.py check`` says of a site by which somebody would be shut out.
FOUND = {"plain_without_adapters": ["E026", "W012", "W013", "W042"]}


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


@pytest.mark.parametrize("site", [site for site, files in SITES.items() if files])
def test_the_contract_holds(site):
    result = run(
        site,
        *("-m", "pytest", *SITES[site], "-q", "--no-cov", "--nomigrations"),
        *("-p", "no:cacheprovider"),
        DATABASE_URL="sqlite://:memory:",
    )

    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


@pytest.mark.parametrize("site", SITES)
def test_its_checks_are_clean_or_say_what_is_missing(site):
    result = run(site, "manage.py", "check", "--fail-level", "WARNING")

    found = sorted(re.findall(r"\(allauth_moralis\.(\w+)\)", result.stderr))
    assert found == FOUND.get(site, []), result.stdout + result.stderr
    assert (result.returncode == 0) == (not found), result.stdout + result.stderr
