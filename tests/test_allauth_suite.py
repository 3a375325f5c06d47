"""What ``make allauth-suite`` sees and permits."""

import pytest

from allauth_suite.__main__ import PERMITTED, PROJECTS, main
from allauth_suite.outcomes import Difference, Outcome, differences, read

REPORT = """<testsuites><testsuite>
<testcase classname="tests.apps.test_a.TestOne" name="test_x[1]" file="tests/apps/test_a.py" />
<testcase classname="tests.apps.test_a" name="test_y" file="tests/apps/test_a.py">
  <failure message="assert 1 == 2&#10;and more">the traceback</failure>
</testcase>
<testcase classname="tests.apps.test_a" name="test_z" file="tests/apps/test_a.py">
  <skipped message="no Redis" />
</testcase>
</testsuite></testsuites>"""
A_PERMITTED_TEST = next(iter(PERMITTED))


def test_report_is_read_by_node_id():
    assert read(REPORT) == {
        "tests/apps/test_a.py::TestOne::test_x[1]": Outcome("passed"),
        "tests/apps/test_a.py::test_y": Outcome("failure", "assert 1 == 2"),
        "tests/apps/test_a.py::test_z": Outcome("skipped", "no Redis"),
    }


def test_tests_that_end_otherwise_or_vanish_differ():
    bare = {"same": Outcome("failure"), "broken": Outcome("passed"), "gone": Outcome("passed")}
    ours = {
        "same": Outcome("failure"),
        "broken": Outcome("failure", "None"),
        "new": Outcome("passed"),
    }
    assert differences(bare, ours) == [
        Difference("broken", "passed", "failure", "None"),
        Difference("gone", "passed", "absent", ""),
        Difference("new", "absent", "passed", ""),
    ]


@pytest.mark.parametrize(
    ("test", "ours", "status"),
    [
        ("test_x", "passed", 0),
        ("test_x", "failure", 1),
        (A_PERMITTED_TEST, "failure", 0),
        (A_PERMITTED_TEST, "skipped", 1),
        (A_PERMITTED_TEST, "passed", 1),
    ],
    ids=["same", "differs", "may-differ", "is-not-run", "need-not-be-permitted"],
)
def test_only_what_is_permitted_and_needed_may_differ(monkeypatch, tmp_path, test, ours, status):
    outcomes = {False: {test: Outcome("passed")}, True: {test: Outcome(ours)}}
    monkeypatch.setattr("allauth_suite.__main__.fetch", lambda: tmp_path)
    monkeypatch.setattr("allauth_suite.__main__.run", lambda *_, ours: outcomes[ours])
    assert main(["regular"]) == status


def test_a_run_without_tests_fails(monkeypatch, tmp_path):
    monkeypatch.setattr("allauth_suite.__main__.fetch", lambda: tmp_path)
    monkeypatch.setattr("allauth_suite.__main__.run", lambda *_, ours: {})
    assert main(["regular"]) == 1


def test_project_that_is_skipped_says_why(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("allauth_suite.__main__.fetch", lambda: tmp_path)
    main(["account_only"])
    assert (
        f"account_only is skipped: {PROJECTS['account_only'].skipped}." in capsys.readouterr().out
    )


def test_unknown_project_is_refused(capsys):
    assert main(["elsewhere"]) == 2
    assert "allauth has no test project elsewhere." in capsys.readouterr().out
