"""Who is measured, and in which words the tables call them."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: siwe-django has requirements of its own, so ``make bench`` gives it an environment of its own.
SIWE_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
SIWE_IMPORTS = "import coincurve, django, gunicorn, siwe_django"


@dataclass(frozen=True)
class Contestant:
    name: str
    title: str
    settings: str
    visit: str
    #: The settings whose migrations make its tables. The demo's are enough for all but one.
    schema: str = "config.settings"
    env: dict[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)

    def at(self, service: str) -> "Contestant":
        """The same site with a Moralis Auth API at this URL."""
        return replace(self, env={"MORALIS_API_KEY": "any", "MORALIS_BASE_URL": service})


DEMO = Contestant("demo", "ours: the demo as shipped", "config.settings", "wallet")
BARE = Contestant("bare", "ours: the bare apps", "bench.sites.bare", "wallet")
DUMMY_IN_DEMO = Contestant(
    "dummy_in_demo", "`dummy`: the demo's apps", "bench.sites.dummy_in_demo", "dummy"
)
DUMMY = Contestant("dummy", "`dummy`: the bare apps", "bench.sites.dummy", "dummy")
SIWE = Contestant(
    "siwe", "siwe-django", "bench.sites.siwe", "siwe", schema="bench.sites.siwe", python=SIWE_PYTHON
)
TUTORIAL = Contestant("tutorial", "Moralis' tutorial", "bench.sites.tutorial", "tutorial")

TITLES = {
    contestant.name: contestant.title
    for contestant in (DEMO, BARE, DUMMY_IN_DEMO, DUMMY, SIWE, TUTORIAL)
}


def without_a_service(*, siwe: bool) -> Iterable[Contestant]:
    return (DEMO, BARE, DUMMY_IN_DEMO, DUMMY, *([SIWE] if siwe else []))
