"""What the fuzzer starts from, and what it has found worth keeping, through the same targets."""

from pathlib import Path

import pytest

from . import answers, targets  # noqa: F401 - they register the targets
from .inputs import TARGETS, site
from .seeds import SEEDS

CORPUS = Path(__file__).with_name("corpus")


@pytest.fixture(autouse=True)
def _site():
    with site():
        yield


def test_each_target_has_something_to_start_from():
    assert SEEDS.keys() == TARGETS.keys() == {path.name for path in CORPUS.iterdir()}


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_seeds_are_taken(name):
    """Some of each target; else the fuzzer would never get past the first lines."""
    taken = [TARGETS[name](seed) for seed in SEEDS[name]]

    assert True in taken


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_corpus_finds_nothing(name):
    for path in sorted((CORPUS / name).iterdir()):
        TARGETS[name](path.read_bytes())
