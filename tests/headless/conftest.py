"""Fixtures of headless."""

import pytest

from ..headless_app import App


@pytest.fixture(params=["browser", "app"])
def app(request) -> App:
    return App(request.param)
