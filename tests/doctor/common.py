"""What the tests of the doctor share."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from allauth_moralis.doctor.findings import Finding, Probe, Result, Status, examine
from allauth_moralis.doctor.hosts import Address

ROOT = Path(__file__).parent.parent.parent
ADDRESS = Address("https", "example.com")
PASSED, WARNING, FAILED, SKIPPED = Status.PASSED, Status.WARNING, Status.FAILED, Status.SKIPPED


def examined(probe: Callable[..., Result], *arguments: Any) -> Finding:
    """What a probe finds, whatever it raises."""
    return examine(Probe("a probe", lambda: probe(*arguments)))


def doctor(
    *options: str, settings: str = "config.settings", **env: str
) -> subprocess.CompletedProcess[str]:
    """The command as a site's owner starts it."""
    return subprocess.run(
        [sys.executable, "manage.py", "moralis_doctor", *options],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def findings(result: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    """What ``--json`` has said, by probe. Of the system checks it is the last one."""
    assert result.stdout, result.stderr
    return {each["probe"]: each for each in json.loads(result.stdout)["findings"]}


def statuses(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {name: each["status"] for name, each in findings(result).items()}
