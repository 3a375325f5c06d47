"""allauth's tests, which its source distribution carries and its wheel does not."""

import hashlib
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
CACHE = Path(sys.prefix) / "sdist"


def fetch() -> Path:
    """Return the folder of the release that is installed, downloaded by pip where it is not yet."""
    name = f"django_allauth-{version('django-allauth')}"
    if not (CACHE / name / "tests").is_dir():
        archive = CACHE / f"{name}.tar.gz"
        if not archive.exists():
            _download()
        _compare_with_the_pins(archive)
        with tarfile.open(archive) as tar:
            tar.extractall(CACHE, filter="data")
    return CACHE / name


def _download() -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    release = f"django-allauth=={version('django-allauth')}"
    subprocess.run(
        [*pip, "--no-deps", "--no-binary", ":all:", "--dest", str(CACHE), release], check=True
    )


def _compare_with_the_pins(archive: Path) -> None:
    """Where requirements.txt has hashes, the archive's is one of allauth's."""
    pinned = re.search(
        r"^django-allauth\b(?:.*\\\n)*.*", REQUIREMENTS.read_text(), re.MULTILINE | re.IGNORECASE
    )
    hashes = re.findall(r"--hash=sha256:(\w+)", pinned.group() if pinned else "")
    if hashes and hashlib.sha256(archive.read_bytes()).hexdigest() not in hashes:
        raise SystemExit(f"{archive.name} is not what requirements.txt has a hash of.")
