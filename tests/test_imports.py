"""What may import what, beyond the contracts in ``pyproject.toml``."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OF_INTERNALS = re.compile(r"(?:from|import) allauth_moralis(?:\.| import )internal\b")


def test_nothing_outside_the_package_imports_its_internals():
    files = [
        ROOT / "README.md",
        *(
            path
            for name in ("bench", "config", "conformance", "docs")
            for path in (ROOT / name).rglob("*.*")
            if path.suffix in (".md", ".py") and "node_modules" not in path.parts
        ),
    ]

    assert [path for path in files if OF_INTERNALS.search(path.read_text())] == []


def test_testing_kit_can_be_imported_without_settings():
    """The official clients are tried with its wallets, in an environment without a site."""
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    subprocess.run(
        [sys.executable, "-c", "import allauth_moralis.testing"], cwd=ROOT, env=env, check=True
    )
