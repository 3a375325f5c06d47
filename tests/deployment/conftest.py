from collections.abc import Iterator

import pytest

from ..processes import environment, manage
from ..services import stores


@pytest.fixture(scope="session")
def database_and_cache() -> Iterator[tuple[str, str]]:
    """A database with the demo's tables, and Redis. Skipped where they are not."""
    with stores() as (database, cache):
        manage(environment(database, cache, workers=1), "migrate", "--verbosity", "0")
        yield database, cache
