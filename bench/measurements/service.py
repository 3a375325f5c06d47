"""Sign-ins with a Moralis Auth API that is near, and one that is far: our emulator."""

import time
from collections import defaultdict
from contextlib import ExitStack
from typing import Any

from allauth_moralis.emulator import AuthService, Emulator

from ..contestants import DEMO, TUTORIAL
from ..processes import Room
from . import Amount, Row, brief, joined

DELAYS = (0, 50)  # milliseconds


class DistantService(AuthService):
    """A service that is so many milliseconds away, there and back.

    A new connection would take as long once more, and with TLS twice or three times.
    """

    delay = 0

    def handle(self, *args: Any, **options: Any) -> Any:
        time.sleep(self.delay / 1000)
        return super().handle(*args, **options)


def distant(delay: int) -> Emulator:
    service = DistantService()
    service.delay = delay
    return Emulator(service)


def measure(room: Room, amount: Amount) -> list[Row]:
    with ExitStack() as stack:
        services = {delay: stack.enter_context(distant(delay)) for delay in DELAYS}
        asking = [
            (room.worker(site.at(service.url)), delay, service)
            for site in (DEMO, TUTORIAL)
            for delay, service in services.items()
        ]
        times, counts = defaultdict(list), defaultdict(list)
        for turn in range(amount.turns + 1):
            for worker, delay, service in asking:
                service.requests.clear()
                before = service.connections
                took = worker("sign_in", count=amount.distant_sign_ins, new=True)
                if turn:  # the first warms up
                    key = worker.contestant.name, delay
                    times[key].append(took)
                    counts[key].append((len(service.requests), service.connections - before))
        for worker, _, _ in asking:
            worker.end()
    sign_ins = amount.turns * amount.distant_sign_ins
    return [
        {
            "site": site,
            "delay_ms": delay,
            "wall_ms": joined(taken, "wall"),
            "cpu_ms": joined(taken, "cpu"),
            "calls": brief(sum(calls for calls, _ in counts[site, delay]) / sign_ins),
            "connections": brief(sum(new for _, new in counts[site, delay]) / sign_ins),
        }
        for (site, delay), taken in times.items()
    ]
