"""What is measured is what is said: the document's tables, and what sign-ins ask of others.

No time is asserted. ``make bench`` measures those, on a machine that does nothing else.
"""

from runpy import run_path

import pytest

from bench import document
from bench.contestants import BARE, DEMO, DUMMY_IN_DEMO, ROOT, SIWE, TITLES, TUTORIAL
from bench.measurements import FEW, Amount, instructions
from bench.measurements import growth as growing
from bench.measurements.service import distant
from bench.processes import Room
from bench.tables import TABLES, Table, number

# What a sign-in at the demo asks of its database, at most.
STATEMENTS = 15
TRANSACTIONS = 7


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with Room(tmp_path_factory.mktemp("bench")) as room:
        yield room


# --- The document ----------------------------------------------------------------------------


def test_tables_of_the_document_are_those_of_the_latest_run():
    text = document.DOCUMENT.read_text()

    assert document.rendered(text, document.results()) == text


def test_document_has_every_table():
    assert {name for _, name, _ in document.BLOCK.findall(document.DOCUMENT.read_text())} == {
        *TABLES
    }


def test_document_describes_every_site():
    text = document.DOCUMENT.read_text()

    assert [title for title in TITLES.values() if f"\n| {title} |" not in text] == []


def test_results_name_no_machine():
    text = document.RESULTS.read_text()

    assert "/tmp/" not in text  # noqa: S108 - that is the point
    assert "/home/" not in text
    assert "://" not in text


def test_numbers_are_as_exact_as_they_mean_something():
    said = [number(value) for value in (0.0123456, 9.87654, 12.34, 1234.5, 1_234_567)]

    assert said == ["0.0123", "9.88", "12.3", "1,230", "1,230,000"]


def test_tables_align_in_the_terminal():
    table = Table("Ages", ["who", "years"], [["Al", "7"], ["Barbara", "12"]])

    assert table.text().splitlines() == [
        "",
        "Ages",
        "who      years",
        "Al           7",
        "Barbara     12",
    ]


# --- The sites -------------------------------------------------------------------------------


def test_all_sites_have_the_database_options_of_the_demo(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("ALLOWED_HOSTS", "x")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/db.sqlite3")
    ours, demo = (
        run_path(str(ROOT / file))["DATABASES"]["default"]
        for file in ("bench/sites/common.py", "config/settings.py")
    )

    assert ours["NAME"] == "/nowhere/db.sqlite3"
    assert ours["OPTIONS"] == demo["OPTIONS"]


def test_sign_in_at_the_demo_asks_little_of_its_database(room):
    demo = room.worker(DEMO)
    demo("sign_in", count=1, new=True)  # has Django ask what it asks once

    for new in (True, False):
        asked = demo("statements", new=new)
        assert 0 < asked["statements"] <= STATEMENTS
        assert 0 < asked["transactions"] <= TRANSACTIONS
    demo.end()


@pytest.mark.parametrize("site", [BARE, DUMMY_IN_DEMO], ids=lambda site: site.name)
def test_other_sites_sign_people_in(room, site):
    worker = room.worker(site)

    for new in (True, False):
        times = worker("sign_in", count=2, new=new)
        assert len(times["cpu"]) == len(times["wall"]) == 2
        assert worker("statements", new=new)["statements"] > 0
    worker.end()


def test_valgrind_counts_the_instructions_of_a_sign_in(room, monkeypatch):
    if missing := instructions.why_not():
        pytest.skip(f"Left out: {missing}. Install valgrind, and run this test again.")
    monkeypatch.setattr(instructions, "MANY", 3)
    databases = room.database(BARE), room.database(BARE)

    row = instructions.counted(BARE, new=False, databases=databases)

    assert (row["site"], row["new"]) == (BARE.name, False)
    assert 1 < row["millions"] < 1000


def test_siwe_django_signs_people_in(room):
    if not SIWE.python.exists():
        pytest.skip("siwe-django is not installed; `make bench` does that")
    worker = room.worker(SIWE)

    assert len(worker("sign_in", count=2, new=True)["cpu"]) == 2
    worker.end()


@pytest.mark.parametrize("site", [DEMO, TUTORIAL], ids=lambda site: site.name)
def test_sign_in_with_a_service_asks_it_twice(room, site):
    with distant(5) as service:
        worker = room.worker(site.at(service.url))
        (took,) = worker("sign_in", count=1, new=True)["wall"]

        assert len(service.requests) == 2
        assert took >= 10
        worker.end()


def test_failure_of_a_site_is_told_with_its_log(room):
    worker = room.worker(TUTORIAL.at("http://127.0.0.1:9"))  # the discard port

    with pytest.raises(RuntimeError, match=r"tutorial ended:\n(.|\n)*Connection refused"):
        worker("sign_in", count=1, new=True)
    worker.end()


def test_accounts_are_made_and_change_no_statement(room):
    """A page of a hundred wallets takes as few statements as a page of one."""
    few = Amount(turns=2, grown=1, accounts=3 * FEW)

    found = growing.measure(room, few)

    assert found["made"]["bytes_per_account"] > 0
    counted: dict[tuple[str, str], set[int]] = {}
    for row in found["rows"]:
        counted.setdefault((row["site"], row["what"]), set()).add(row["statements"])
    assert {key: len(values) for key, values in counted.items()} == dict.fromkeys(counted, 1)
    for site in (DEMO, BARE):
        (one,) = counted[site.name, "connections, 1 wallet"]
        (hundred,) = counted[site.name, "connections, 100 wallets"]
        assert hundred <= one
