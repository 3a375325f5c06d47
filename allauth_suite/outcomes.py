"""What became of each test of a run, and where two runs differ."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

WORKERS = 2
MINUTES = 15  # for one run, which takes two where nothing else is running
HERE = Path(__file__).parents[1]
#: What pytest exits with where it ran to its end: all passed, or some failed.
RAN = (0, 1)


class Outcome(NamedTuple):
    result: str
    detail: str = ""


Outcomes = dict[str, Outcome]


class Difference(NamedTuple):
    test: str
    bare: str
    ours: str
    detail: str


def run(sources: Path, settings: str, paths: Sequence[str], *, ours: bool) -> Outcomes:
    """Run allauth's tests with these settings; the bare run cannot even import our package."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS", "PYTHONPATH")
    }
    if ours:
        environment["PYTHONPATH"] = str(HERE)
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-c", "pytest.ini", "-q", "-n", str(WORKERS)]
        command += ["-p", "no:cacheprovider", f"--ds={settings}", f"--junit-xml={report}"]
        done = subprocess.run(
            [*command, "-o", "junit_family=xunit1", *paths],
            cwd=sources,
            env=environment,
            timeout=MINUTES * 60,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in RAN or not report.exists():
            raise SystemExit(f"{done.stdout[-4000:]}{done.stderr}\npytest did not run to its end.")
        return read(report.read_text())


def read(report: str) -> Outcomes:
    """Return the outcomes of a JUnit report in its first form, which names the files."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for case in ET.fromstring(report).iter("testcase"):  # noqa: S314 - pytest has just written it
        found[_node_id(case)].extend(_outcomes(case))
    return {
        test: max(outcomes, key=lambda outcome: outcome.result != "passed")
        for test, outcomes in found.items()
    }


def differences(bare: Mapping[str, Outcome], ours: Mapping[str, Outcome]) -> list[Difference]:
    absent = Outcome("absent")
    return [
        Difference(test, before.result, after.result, after.detail or before.detail)
        for test in sorted({*bare, *ours})
        for before, after in [(bare.get(test, absent), ours.get(test, absent))]
        if before.result != after.result
    ]


def _node_id(case: ET.Element) -> str:
    file, dotted, name = (case.get(key, "") for key in ("file", "classname", "name"))
    classes = dotted.removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join(filter(None, [file, classes.replace(".", "::"), name]))


def _outcomes(case: ET.Element) -> Iterator[Outcome]:
    yield Outcome("passed")
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            yield Outcome(child.tag, child.get("message", "").partition("\n")[0])
