"""The library that tells look-alikes is an extra, and is loaded where it is needed."""

import subprocess
import sys

from django.core.checks import run_checks


def found() -> list[str]:
    return [m.id for m in run_checks() if m.id == "allauth_moralis.W043"]


def test_the_check_says_what_is_missing(provider, monkeypatch):
    monkeypatch.setattr("allauth_moralis.checks.names.find_spec", lambda name: None)
    assert found() == []
    provider["RPC"] = {1: "https://node.example/key"}
    assert found() == ["allauth_moralis.W043"]
    provider["ENS"] = False
    assert found() == []
    provider.update(RPC=[], ENS=True)  # another check's concern
    assert found() == []


def test_the_check_is_content_with_the_library(provider):
    provider["RPC"] = {1: "https://node.example/key"}

    assert found() == []


SCRIPT = """
import sys
import django
django.setup()
from django.urls import reverse
from allauth_moralis.ethereum import ens
reverse("moralis_names")
assert ens.is_presentable("ada.eth")
print(sorted({"ens_normalize", "segno", "allauth_moralis.upstream.client"} & set(sys.modules)))
"""


def test_a_site_starts_and_shows_plain_names_without_loading_it():
    """Nor what only speaks to a service, or draws a code."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )

    assert result.stdout == "[]\n"
