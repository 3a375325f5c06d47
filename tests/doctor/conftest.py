"""Fixtures of the doctor: a visit to the site within this process."""

import pytest

from allauth_moralis.doctor.front import Inside
from allauth_moralis.doctor.page import Visit, try_page


@pytest.fixture
def visit(db) -> Visit:
    """A visit that has read the page of this process."""
    visit = Visit(Inside())
    try_page(visit)
    return visit
