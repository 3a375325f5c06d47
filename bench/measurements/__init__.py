"""What is measured. Each takes its turns with all sites, and returns rows for the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Amount:
    """How much is done. Medians of more are steadier, and take longer."""

    turns: int = 8
    sign_ins: int = 12  # in each turn
    distant_sign_ins: int = 4  # in each turn, with a service that is far away
    starts: int = 7
    served: int = 48  # sign-ins in each turn, over HTTP
    served_turns: int = 3
    grown: int = 5  # sign-ins in each turn, with many accounts
    accounts: int = 1_000_000
    is_quick: bool = False  # for a first look, and not to be cited


FULL = Amount()
QUICK = Amount(
    turns=2,
    sign_ins=4,
    distant_sign_ins=2,
    starts=2,
    served=16,
    served_turns=1,
    grown=2,
    accounts=20_000,
    is_quick=True,
)
FEW = 1000  # accounts


def rounded(values: Iterable[float]) -> float:
    """The median, to a few digits."""
    return brief(median(values))


def brief(value: float) -> float:
    return float(f"{value:.4g}")


def joined(times: Sequence[dict[str, list[float]]], kind: str) -> float:
    """The median of all turns."""
    return rounded([value for turn in times for value in turn[kind]])
