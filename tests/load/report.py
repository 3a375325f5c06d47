"""What a run under load has shown, as data and as a table."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .visits import Visit

PERCENTILES = (50, 95, 99)
#: How many of the memory are kept, to see whether it goes on to grow.
SAMPLES = 20


def summary(visits: Sequence[Visit], seconds: float) -> dict[str, Any]:
    kinds = {visit.kind for visit in visits}
    return {
        "seconds": round(seconds, 1),
        "sign_ins": sum(visit.signed_in for visit in visits),
        "sign_ins_per_second": round(sum(visit.signed_in for visit in visits) / seconds, 1),
        "visits": {
            kind: _numbers([visit for visit in visits if visit.kind == kind])
            for kind in sorted(kinds)
        },
        "errors": dict(Counter(f"{v.kind}: {v.error}" for v in visits if v.error)),
    }


def _numbers(visits: Sequence[Visit]) -> dict[str, Any]:
    times = sorted(visit.seconds * 1000 for visit in visits)
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return {
        "count": len(times),
        "errors": sum(bool(visit.error) for visit in visits),
        **{f"p{percent}_ms": round(cuts[percent - 1], 1) for percent in PERCENTILES},
        "max_ms": round(times[-1], 1),
    }


def memory(samples: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Of samples of (sign-ins so far, kilobytes of all workers).

    The first tenth of the sign-ins is left out, in which modules are loaded and caches are filled.
    """
    warm_up = samples[-1][0] / 10
    first = next(kilobytes for sign_ins, kilobytes in samples if sign_ins >= warm_up)
    last = samples[-1][1]
    return {
        "after_warm_up_kb": first,
        "at_the_end_kb": last,
        "ratio": round(last / first, 3),
        "samples": samples[:: max(1, len(samples) // SAMPLES)],
    }


def table(data: dict[str, Any]) -> str:
    columns = ("count", "errors", *(f"p{percent}_ms" for percent in PERCENTILES), "max_ms")
    lines = [f"{'visit':16}" + "".join(f"{column:>10}" for column in columns)]
    for kind, numbers in data["visits"].items():
        lines.append(f"{kind:16}" + "".join(f"{numbers[column]:>10}" for column in columns))
    lines += [
        "",
        f"{data['sign_ins']} sign-ins in {data['seconds']} s: "
        f"{data['sign_ins_per_second']} per second",
    ]
    if told := data.get("memory"):
        lines.append(
            f"memory of all workers: {told['after_warm_up_kb']} kB after the first tenth, "
            f"{told['at_the_end_kb']} kB at the end, ratio {told['ratio']}"
        )
    lines += [f"ERROR {count} x {error}" for error, count in data["errors"].items()]
    return "\n".join(lines)
