"""`make load` measures, and says so when something went wrong."""

import json
import os
import subprocess
import sys

import pytest

from allauth_moralis.testing import EvmWallet

from ..faulty import Faulty, http
from ..processes import ROOT
from ..services import stores
from . import report
from .visits import Crowd, Run, Visit


@pytest.mark.services
@pytest.mark.xdist_group("deployment")
def test_a_short_run_has_numbers_and_no_errors(tmp_path):
    with stores():  # or skip
        pass
    numbers = tmp_path / "load.json"

    result = subprocess.run(
        [sys.executable, "-m", "tests.load"],
        cwd=ROOT,
        env={
            **os.environ,
            "LOAD_SECONDS": "4",
            "LOAD_VISITORS": "4",
            "LOAD_SERVICE": "1",
            "LOAD_JSON": str(numbers),
            "WEB_CONCURRENCY": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    data = json.loads(numbers.read_text())
    assert data["errors"] == {}
    assert data["sign_ins"] > 0
    assert data["memory"]["ratio"] > 0
    assert f"{data['sign_ins']} sign-ins in" in result.stdout


def test_errors_are_told():
    with Faulty(lambda peer: peer.send(http(b"<h1>Oh</h1>", "500 Internal Server Error"))) as site:
        crowd = Crowd(site)
        crowd.known.append(EvmWallet())
        run = Run(crowd, at_once=2, seconds=0.5, sign_ins=None)
        run(lambda signed_in: None)

    data = report.summary(run.visits, run.seconds)
    assert data["sign_ins"] == 0
    assert sum(data["errors"].values()) == len(run.visits) > 0
    assert "ERROR" in report.table(data)


def test_refusals_are_no_sign_ins_and_percentiles_are_of_each_kind():
    visits = [Visit("new", n / 1000) for n in range(1, 102)] + [Visit("wrong signature", 1)]

    data = report.summary(visits, 10)

    assert (data["sign_ins"], data["sign_ins_per_second"]) == (101, 10.1)
    new = data["visits"]["new"]
    assert (new["p50_ms"], new["p95_ms"], new["p99_ms"], new["max_ms"]) == (51, 96, 100, 101)
    assert data["visits"]["wrong signature"]["p50_ms"] == 1000


def test_memory_is_compared_after_the_warm_up():
    samples = [(0, 100), (40, 150), (100, 200), (500, 210), (1000, 220)]

    assert report.memory(samples) == {
        "after_warm_up_kb": 200,
        "at_the_end_kb": 220,
        "ratio": 1.1,
        "samples": samples,
    }
