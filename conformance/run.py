"""Both official clients against the emulator, over HTTP on loopback: a table and an exit status."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from allauth_moralis.emulator import AuthService, Behaviour, Emulator

from . import npm_half, python_half
from .report import CANNOT, FAILED, PASSED, Row, table
from .scenarios import KEY

# Where the service's recordings and its own description differ, a client meets both.
RECORDED = Behaviour(verify_chain_id="number", addresses_status=200)
DESCRIBED = Behaviour(verify_chain_id="string", addresses_status=201)


def main() -> int:
    npm_missing = npm_half.missing()
    if npm_missing and os.environ.get("CI") == "true":
        print(f"The npm client cannot be tried: {npm_missing}.")
        return 1
    if npm_missing is None:
        npm_half.install()
    npm = npm_missing is None
    rows = [*_run(AuthService, npm=npm), *_watch(_run(Forgetful, npm=npm))]
    print(table(rows))
    if npm_missing:
        print(f"\nThe npm client was skipped: {npm_missing}.")
    count = Counter(row.result for row in rows)
    print(f"\n{count[CANNOT]} things a client cannot do, by its own fault.")
    print(f"{count[PASSED]} passed, {count[FAILED]} failed")
    return bool(count[FAILED])


class Forgetful(AuthService):
    """A broken emulator: its answers to a right signature lack their nonce."""

    def handle(self, *args: Any, **kwargs: Any) -> Any:
        status, answer = super().handle(*args, **kwargs)
        if isinstance(answer, dict):
            answer.pop("nonce", None)
        return status, answer


def _watch(broken: Iterable[Row]) -> Iterator[Row]:
    """A run that cannot fail proves nothing: of a broken emulator no verification may pass."""
    verifications: dict[str, list[Row]] = {}
    for row in broken:
        if row.call.startswith("verify") and row.call.endswith(("required fields", "every field")):
            verifications.setdefault(row.client, []).append(row)
    for client, rows in verifications.items():
        unseen = [row.call for row in rows if row.result != FAILED]
        yield Row(
            client,
            "an emulator that forgets the nonce is found out",
            FAILED if unseen else PASSED,
            f"not by {', '.join(unseen)}" if unseen else "",
        )


def _run(service: type[AuthService], *, npm: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        recorded, described = (
            stack.enter_context(Emulator(service(api_key=KEY, behaviour=behaviour)))
            for behaviour in (RECORDED, DESCRIBED)
        )
        yield from python_half.run(described, recorded)
        if npm:
            yield from npm_half.run(recorded, chain_id=137)
            yield from npm_half.run(described, chain_id="137")


if __name__ == "__main__":
    sys.exit(main())
