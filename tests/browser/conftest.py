"""Fixtures of browser."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from ..chromium import MISSING, find, launch_options
from ..ens.conftest import chain, give_name, node  # noqa: F401 - fixtures
from .common import Visitor


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not find():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # Playwright's synchronous interface runs an event loop in this thread, where Django then
    # takes every query for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visitor(browser, live_server, provider) -> Iterator[Visitor]:
    provider["RATE_LIMITS"] = False
    visitor = Visitor(browser, live_server.url)
    yield visitor
    visitor.context.close()
    assert visitor.faults == []
