"""Let libFuzzer think of inputs, guided by which lines they reach: ``make fuzz``.

Each target has a process of its own, one after the other. What was found stays in ``.fuzz``. With
``--keep`` the little of it that reaches what nothing else does is put into ``corpus``, which the
tests read.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from .seeds import SEEDS

ROOT = Path(__file__).parent.parent.parent
CORPUS, WORK = Path(__file__).with_name("corpus"), ROOT / ".fuzz"
MAX_LENGTH, MAX_KEPT = 4096, 512  # bytes of an input, and of one that is kept
MAX_SECONDS = 10  # for one input


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="renew the corpus of the tests")
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(SEEDS))
    options = parser.parse_args()
    failed = 0
    for target in options.targets or SEEDS:
        failed += not fuzz(target, options.seconds)
        if options.keep:
            keep(target)
    return failed


def fuzz(target: str, seconds: int) -> bool:
    """Run one target, print what came of it in a line, and return whether nothing was found."""
    found = WORK / target / "found"
    found.mkdir(parents=True, exist_ok=True)
    write(SEEDS[target], found)
    log = libfuzzer(
        target,
        f"-max_total_time={seconds}",
        f"-max_len={MAX_LENGTH}",
        f"-timeout={MAX_SECONDS}",
        f"-artifact_prefix={WORK / target}/",
        "-print_final_stats=1",
        found,
        *folders(CORPUS / target),
    )
    runs = re.search(r"stat::number_of_executed_units: *(\d+)", log)
    reached = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log)
    is_well = "Uncaught Python exception" not in log and "libFuzzer: timeout" not in log
    lines, features, inputs = reached[-1] if reached else ("?", "?", "?")
    print(
        f"{target:18} {runs[1] if runs else '?':>9} runs {lines:>5} edges {features:>6} features "
        f"{inputs:>5} inputs  {'' if is_well else 'FOUND'}",
        flush=True,
    )
    if not is_well:
        print(log[-6000:])
    return is_well


def keep(target: str) -> None:
    """Put the fewest and shortest inputs into the corpus that reach all that was reached."""
    fewest = WORK / target / "fewest"
    shutil.rmtree(fewest, ignore_errors=True)
    fewest.mkdir(parents=True)
    sources = folders(CORPUS / target, WORK / target / "found")
    libfuzzer(target, "-merge=1", f"-max_len={MAX_KEPT}", fewest, *sources)
    shutil.rmtree(CORPUS / target, ignore_errors=True)
    write((path.read_bytes() for path in fewest.iterdir()), CORPUS / target)


def libfuzzer(target: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "tests.fuzz.libfuzzer", target, *map(str, arguments)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return ran.stderr.decode(errors="replace") + ran.stdout.decode(errors="replace")


def write(inputs: Iterable[bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in inputs:
        (folder / sha256(each).hexdigest()[:12]).write_bytes(each)


def folders(*paths: Path) -> list[Path]:
    return [path for path in paths if path.is_dir()]


if __name__ == "__main__":
    sys.exit(main())
