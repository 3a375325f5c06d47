"""What may import what, beyond the contracts in ``pyproject.toml``."""

import re
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
