"""The tables of a run, for the terminal and for the document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .contestants import TITLES
from .measurements import FEW

Results = dict[str, Any]
BARE, SAME = "dummy", "dummy_in_demo"
DAY = 24 * 60 * 60
MILLION = 1_000_000


@dataclass(frozen=True)
class Table:
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        rule = ["---" if not column else "---:" for column in range(len(self.headings))]
        lines = [self.headings, rule, *self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def text(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        aligned = (
            "  ".join(
                cell.rjust(width) if column else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )
        return "\n".join([f"\n{self.title}", *aligned])


def number(value: float, digits: int = 3) -> str:
    """As many digits as mean something, and no exponent."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 ** (digits - 1) else f"{rounded:,g}"


def ratio(value: float, to: float) -> str:
    return f"{value / to:.2f}"


def machine(results: Results) -> Table:
    of = results["machine"]
    said = {
        "Run": "quick, not to be cited" if results["amount"]["is_quick"] else "full",
        "Date": of["date"],
        "Processor": of["processor"],
        "Cores": str(of["cores"]),
        "Memory": f"{of['memory_gb']} GB",
        "Load average at the start": f"{of['load']}",
        "Python": of["python"],
        "Django": of["django"],
        "django-allauth": of["django-allauth"],
        "gunicorn": of["gunicorn"],
        "SQLite": of["sqlite"],
        "PostgreSQL": results.get("postgresql", {}).get("version", "not measured"),
        "Left out": "; ".join(results["left_out"]) or "nothing",
    }
    return Table("The machine", ["what", "value"], [list(pair) for pair in said.items()])


def logins(results: Results) -> Table:
    rows = results["logins"]
    cpu = {(row["site"], row["new"]): row["cpu_ms"] for row in rows}
    return Table(
        "A whole sign-in in one process",
        [
            "site",
            "who",
            "processor ms",
            "to bare `dummy`",
            "to `dummy` in the demo",
            "statements",
            "of transactions",
        ],
        [
            [
                TITLES[row["site"]],
                "new" if row["new"] else "returning",
                number(row["cpu_ms"]),
                ratio(row["cpu_ms"], cpu[BARE, row["new"]]),
                ratio(row["cpu_ms"], cpu[SAME, row["new"]]),
                str(row["statements"]),
                str(row["transactions"]),
            ]
            for row in rows
        ],
    )


def instructions(results: Results) -> Table:
    title = "Millions of instructions of a whole sign-in"
    if "instructions" not in results:
        return Table(title, ["instructions"], [["not counted"]])
    counted = {(row["site"], row["new"]): row["millions"] for row in results["instructions"]}
    return Table(
        title,
        ["site", "who", "millions", "to bare `dummy`", "to `dummy` in the demo"],
        [
            [
                TITLES[site],
                "new" if new else "returning",
                number(millions),
                ratio(millions, counted[BARE, new]),
                ratio(millions, counted[SAME, new]),
            ]
            for (site, new), millions in counted.items()
        ],
    )


def serving(results: Results) -> Table:
    rows = results["serving"]
    key = ("workers", "at_once", "new", "site")
    by_key = {tuple(row[name] for name in key): row for row in rows}
    lines = []
    for row in rows:
        if row["new"]:
            continue
        setting = row["workers"], row["at_once"]
        new = by_key[*setting, True, row["site"]]
        bare = by_key[*setting, False, BARE]
        lines.append(
            [
                TITLES[row["site"]],
                str(row["workers"]),
                str(row["at_once"]),
                number(new["per_second"]),
                number(row["per_second"]),
                ratio(row["per_second"], bare["per_second"]),
                number(new["cpu_ms"]),
                number(row["cpu_ms"]),
                ratio(row["cpu_ms"], bare["cpu_ms"]),
            ]
        )
    headings = [
        "site",
        "workers",
        "at once",
        "new a second",
        "returning a second",
        "to bare `dummy`",
        "new, processor ms",
        "returning, processor ms",
        "to bare `dummy`",
    ]
    return Table("Sign-ins over HTTP", headings, lines)


def starting(results: Results) -> Table:
    cpu = {row["site"]: row["cpu_ms"] for row in results["starting"]}
    memory = {row["site"]: row["memory_mb"] for row in results["serving"] if row["workers"] == 1}
    return Table(
        "Start and memory",
        ["site", "set-up, processor ms", "to bare `dummy`", "worker, MB", "to bare `dummy`"],
        [
            [
                TITLES[site],
                number(taken),
                ratio(taken, cpu[BARE]),
                number(memory[site]),
                ratio(memory[site], memory[BARE]),
            ]
            for site, taken in cpu.items()
        ],
    )


def signatures(results: Results) -> Table:
    of = results["signatures"]
    return Table(
        "The check of an EVM signature",
        ["ours, µs", "curve and hash alone, µs", "ratio"],
        [[number(of["ours_us"]), number(of["raw_us"]), ratio(of["ours_us"], of["raw_us"])]],
    )


def service(results: Results) -> Table:
    rows = results["service"]
    near = {row["site"]: row["wall_ms"] for row in rows if not row["delay_ms"]}
    return Table(
        "A new visitor's sign-in with a Moralis Auth API",
        ["site", "round trip, ms", "elapsed ms", "added", "calls", "new connections"],
        [
            [
                TITLES[row["site"]],
                str(row["delay_ms"]),
                number(row["wall_ms"]),
                number(row["wall_ms"] - near[row["site"]]),
                number(row["calls"]),
                number(row["connections"]),
            ]
            for row in rows
        ],
    )


def growth(results: Results) -> Table:
    rows = results["growth"]["rows"]
    many = max(row["accounts"] for row in rows)
    by_key = {(row["site"], row["what"], row["accounts"]): row for row in rows}
    lines = []
    for site, what in dict.fromkeys((row["site"], row["what"]) for row in rows):
        before, after = by_key[site, what, FEW], by_key[site, what, many]
        lines.append(
            [
                TITLES[site],
                what,
                number(before["ms"]),
                number(after["ms"]),
                ratio(after["ms"], before["ms"]),
                str(before["statements"]),
                str(after["statements"]),
            ]
        )
    headings = [
        "site",
        "what",
        f"ms with {FEW:,} accounts",
        f"ms with {many:,}",
        "ratio",
        "statements before",
        "after",
    ]
    return Table("Growth", headings, lines)


def pages(results: Results) -> Table:
    parts = ("page", "scripts", "styles", "images")
    return Table(
        "The wallet page of the demo, bytes compressed",
        ["networks", "requests", "all", *parts],
        [
            [
                row["networks"],
                str(row["requests"]),
                *(f"{row[part]:,}" for part in ("bytes", *parts)),
            ]
            for row in results["pages"]
        ],
    )


def cost(results: Results) -> Table:
    """What a million people cost, worked out from what was measured."""
    (busy,) = (
        row["cpu_ms"]
        for row in results["serving"]
        if (row["site"], row["workers"], row["at_once"], row["new"]) == ("demo", 2, 8, False)
    )
    made = results["growth"]["made"]
    daily, hourly = MILLION / DAY, MILLION / 3600
    said = [
        ("Sign-ins a second that keep one core busy", number(1000 / busy)),
        ("Everybody once a day, evenly: sign-ins a second", number(daily)),
        ("… cores", number(daily * busy / 1000)),
        ("Everybody within one hour: sign-ins a second", number(hourly)),
        ("… cores", number(hourly * busy / 1000)),
        (
            "Database, a million accounts with one wallet each",
            f"{number(made['bytes_per_account'] * MILLION / 1e9)} GB",
        ),
        (
            "… and a million sessions that live, without indexes",
            f"{number(made['bytes_of_a_session'] * MILLION / 1e9)} GB",
        ),
        ("Calls to Moralis, where everybody signs in once", f"{2 * MILLION:,}"),
        ("… with the embedded verifier", "0"),
    ]
    return Table("What a million people cost", ["what", "value"], said)


def on_postgresql(table: Callable[[Results], Table]) -> Callable[[Results], Table]:
    def made(results: Results) -> Table:
        if "postgresql" not in results:
            return Table("On PostgreSQL", ["on PostgreSQL"], [["not measured"]])
        found = table({**results, **results["postgresql"]})
        return Table(f"{found.title}, on PostgreSQL", found.headings, found.rows)

    return made


#: By the names that the document has for them.
TABLES: dict[str, Callable[[Results], Table]] = {
    "machine": machine,
    "logins": logins,
    "instructions": instructions,
    "serving": serving,
    "starting": starting,
    "signatures": signatures,
    "service": service,
    "growth": growth,
    "pages": pages,
    "cost": cost,
    "logins-postgresql": on_postgresql(logins),
    "growth-postgresql": on_postgresql(growth),
}
