"""``python -m allauth_suite [project …]``: run allauth's tests twice, and compare."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .outcomes import Difference, Outcomes, differences, run
from .sources import fetch


class Project(NamedTuple):
    """One of allauth's ``tests/projects``."""

    paths: tuple[str, ...] = ("tests",)
    skipped: str = ""  # why


PROJECTS = {
    "regular": Project(),
    # allauth's conftest leaves out all else, by the name of the settings, which is not ours.
    "headless_only": Project(("tests/apps/headless",)),
    # A hundred other providers have been run by "regular"; no middleware makes a difference there.
    "login_required_mw": Project(("tests", "--ignore=tests/apps/socialaccount/providers")),
    "account_only": Project(
        skipped="it has no social accounts, and a provider cannot be installed there"
    ),
}
#: By node id, the tests that may end otherwise with our app installed, and why.
PERMITTED = {
    f"tests/apps/headless/mfa/test_views.py::test_auth_unverified_email_and_mfa[{client}]": (
        "spells out the providers that an answer lists"
    )
    for client in ("app", "browser")
}


def main(names: list[str]) -> int:
    if unknown := set(names) - set(PROJECTS):
        print(f"allauth has no test project {', '.join(sorted(unknown))}.")
        return 2
    sources = fetch()
    print(f"The tests of {sources.name}, bare and with allauth_moralis.")
    print("SAML is skipped: its libraries are not installed, as in allauth's own CI.")
    count: Counter[bool] = Counter()
    for name in names or PROJECTS:
        project = PROJECTS[name]
        if project.skipped:
            print(f"{name} is skipped: {project.skipped}.")
        else:
            count += _compare(name, project, sources)
    print(f"{count[True]} passed, {count[False]} failed")
    return bool(count[False]) or not count[True]


def _compare(name: str, project: Project, sources: Path) -> Counter[bool]:
    began = time.monotonic()
    bare = run(sources, f"tests.projects.{name}.settings", project.paths, ours=False)
    between = time.monotonic()
    ours = run(sources, f"allauth_suite.settings.{name}", project.paths, ours=True)
    print(
        f"{name}: {_tally(bare)} bare ({between - began:.0f} s), "
        f"{_tally(ours)} with ours ({time.monotonic() - between:.0f} s)."
    )
    found = differences(bare, ours)
    for difference in found:
        print(f"  {_told(difference)}")
    unneeded = list(_unneeded(ours, found))
    for test in unneeded:
        print(f"  FAULT {test} does not differ any more: take it off the list.")
    bad = sum(not _is_permitted(difference) for difference in found) + len(unneeded)
    return Counter({True: len({*bare, *ours}) - bad, False: bad})


def _told(difference: Difference) -> str:
    test, bare, ours, detail = difference
    if _is_permitted(difference):
        return f"permitted {test}: {PERMITTED[test]}."
    return f"FAULT {test}: {bare} bare, {ours} with ours. {detail}"


def _is_permitted(difference: Difference) -> bool:
    """Return whether the test found something else than it spells out; it must have been run."""
    ended = (difference.bare, difference.ours)
    return difference.test in PERMITTED and ended == ("passed", "failure")


def _unneeded(ours: Outcomes, found: list[Difference]) -> Iterator[str]:
    """What is permitted for no reason hides the fault that comes next."""
    differing = {difference.test for difference in found}
    return (test for test in PERMITTED if test in ours and test not in differing)


def _tally(outcomes: Outcomes) -> str:
    count = Counter(outcome.result for outcome in outcomes.values())
    return ", ".join(f"{number} {result}" for result, number in count.most_common())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
