"""One finding of each probe, whatever happens in it."""

import json

import pytest

from allauth_moralis.doctor import report
from allauth_moralis.doctor.findings import (
    Finding,
    NotTried,
    difference,
    failed,
    passed,
    warning,
)
from allauth_moralis.exceptions import InvalidAddress, Misconfigured

from .common import FAILED, PASSED, SKIPPED, WARNING, examined


def test_unexpected_exception_is_a_finding_without_its_text():
    def probe():
        raise RuntimeError("password=correct-horse")

    finding = examined(probe)

    assert (finding.status, finding.seen) == (FAILED, "it ended in RuntimeError")
    assert "correct-horse" not in finding.advice


def test_refusal_is_told_by_its_code_and_its_detail():
    def probe():
        raise Misconfigured("the cache does not answer: ConnectionError")

    finding = examined(probe)

    assert finding.seen == "misconfigured: the cache does not answer: ConnectionError"
    assert 'CACHES["default"]' in finding.advice


def test_refusal_that_nothing_is_written_about_is_told_by_its_code():
    def probe():
        raise InvalidAddress

    finding = examined(probe)

    assert finding.seen == "invalid_address"
    assert "invalid_address" in finding.advice


def test_probe_that_cannot_be_tried_is_skipped():
    def probe():
        raise NotTried("there is none")

    assert examined(probe) == Finding(
        probe="a probe", status=SKIPPED, seen="there is none", advice="", milliseconds=0
    )


@pytest.mark.parametrize(
    ("make", "status"), [(passed, PASSED), (warning, WARNING), (failed, FAILED)]
)
def test_result_is_kept(make, status):
    given = ("seen",) if make is passed else ("seen", "to do")

    finding = examined(lambda: make(*given))

    assert (finding.status, finding.seen) == (status, "seen")
    assert finding.advice == ("" if make is passed else "to do")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than 1 s from ours"),
        (-0.4, "less than 1 s from ours"),
        (61.2, "61 s ahead of ours"),
        (-300, "300 s behind ours"),
    ],
)
def test_difference_of_clocks_in_words(seconds, words):
    assert difference(seconds) == words


# --- The report -------------------------------------------------------------------------------

LONG = Finding(
    probe="cache", status=FAILED, seen="seen " * 40, advice="do this " * 30, milliseconds=12
)
SHORT = Finding(probe="sessions", status=PASSED, seen="fine", advice="", milliseconds=3)


def test_table_has_what_was_seen_and_what_to_do_in_one_column():
    lines = report.lines(LONG)
    column = lines[0].index("seen")

    assert lines[0].startswith("FAILED   cache")
    assert "12 ms" in lines[0]
    assert {line[:column].strip() for line in lines[1:]} == {""}
    assert sum(line[column:].startswith("-> ") for line in lines) == 1
    assert max(map(len, lines)) <= report.WIDTH


def test_finding_without_advice_is_one_line():
    (line,) = report.lines(SHORT)

    assert line.startswith("passed   sessions")
    assert line.endswith("3 ms  fine")


def test_summary_counts_what_there_is():
    assert report.summary([SHORT, LONG, SHORT]) == "2 passed, 1 failed."


def test_document_is_json():
    assert json.loads(report.document([SHORT], ok=True)) == {
        "ok": True,
        "findings": [
            {
                "probe": "sessions",
                "status": "passed",
                "seen": "fine",
                "advice": "",
                "milliseconds": 3,
            }
        ],
    }
