import copy
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from allauth_moralis import backends
from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import EvmWallet

pytest_plugins = ["allauth_moralis.testing.fixtures", "tests.chain.fixtures"]

# A machine that is busy is no bug: nothing here is timed. Nor does a change fail by an input that
# nobody thought of before: HYPOTHESIS_PROFILE=long looks for these, with other inputs at each run.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=3000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

API_KEY = "key-that-must-not-be-seen-anywhere"


def pytest_configure() -> None:
    """Turn ``DEBUG`` off before the tests are collected: some read the URLs, which depend on it."""
    django_settings.DEBUG = False


@pytest.fixture(autouse=True, scope="session")
def _urls(django_test_environment) -> None:
    """Read the demo's URLs before any test changes a setting that decides which there are."""
    import_module(django_settings.ROOT_URLCONF)


@pytest.fixture(autouse=True)
def _fresh(settings) -> Iterator[None]:
    """No rate limit, no claimed challenge and no connection is left of another test."""
    # Passwords are beside the point here, and a hash that is hard to guess is slow to make.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SOCIALACCOUNT_PROVIDERS = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
    cache.clear()
    backends.reset()
    yield
    backends.reset()


@pytest.fixture
def provider(settings) -> dict:
    """The provider's settings, to be changed for one test."""
    return settings.SOCIALACCOUNT_PROVIDERS["moralis"]


@pytest.fixture
def wallet() -> EvmWallet:
    return EvmWallet()


@pytest.fixture
def other_wallet() -> EvmWallet:
    return EvmWallet()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """The stand-in of the Moralis Auth API, over real HTTP."""
    with Emulator() as running:
        yield running


@pytest.fixture
def moralis(emulator: Emulator, provider: dict) -> Emulator:
    """The site speaks to the emulator through the Moralis backend."""
    provider.update(API_KEY=API_KEY, BASE_URL=emulator.url)
    return emulator


@pytest.fixture(params=["local", "moralis"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend in turn: what a test says of one it says of both."""
    if request.param == "moralis":
        request.getfixturevalue("moralis")
    return request.param


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """The user's state folder: nothing of it is there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def on_this_machine(settings) -> None:
    settings.DEBUG = True
    # Django's own with DEBUG, where the site names none.
    settings.ALLOWED_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
