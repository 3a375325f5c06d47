"""One site in a process of its own, which is told what to do by lines of JSON on stdin.

``python -m bench.site wallet`` runs the site of ``DJANGO_SETTINGS_MODULE``. Of a sign-in, only the
time within the application counts, and not that of the browser and the wallet.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext

from .browsers import Application, Browser
from .visits import VISITS, Visit, Visitor

#: A COMMIT is counted with its BEGIN.
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
Times = dict[str, list[float]]


class Site:
    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        # One for all visitors: what it loads and remembers, it does once.
        self.application = Application(get_wsgi_application())
        self.known: list[Visitor] = []

    def sign_in(self, count: int, *, new: bool) -> Times:
        """Milliseconds of each sign-in, of people who are new here or of those who were here once.

        Those have one session that lives; each more costs allauth's list of sessions some.
        """
        if new:
            visitors = self.known = [Visitor() for _ in range(count)]
        else:
            if len(self.known) < count:
                self.sign_in(count, new=True)
            visitors, self.known = self.known[:count], self.known[count:]
        return self._timed(
            [partial(self.visit, Browser(self.application), visitor) for visitor in visitors]
        )

    def statements(self, *, new: bool) -> dict[str, int]:
        """What one sign-in asks of the database, and how many statements of transactions."""
        if not new:
            self.known = []
            self.sign_in(1, new=True)
        return self._counted(lambda: self.sign_in(1, new=new))

    def check_signatures(self, count: int, *, raw: bool) -> Times:
        """Milliseconds of a thousand checks, by our function or with nothing around the curve."""
        from .signatures import checks  # noqa: PLC0415 - siwe-django's environment has it not

        call = checks(raw=raw)
        return self._timed([lambda: [call() for _ in range(1000)]] * count, inside=False)

    def fill(self, accounts: int) -> dict[str, float]:
        from .filling import fill  # noqa: PLC0415 - for sites with allauth

        self.sign_in(1, new=True)
        return fill(accounts)

    def connections(self, count: int, *, wallets: int) -> dict[str, Any]:
        """Milliseconds and statements of the page that lists somebody's wallets."""
        from .filling import link  # noqa: PLC0415 - for sites with allauth

        browser, visitor = Browser(self.application), Visitor()
        self.visit(browser, visitor)
        link(visitor.address, wallets - 1)

        def page() -> None:
            browser.get("/accounts/3rdparty/")

        page()
        return {**self._counted(page), **self._timed([page] * count)}

    def _timed(self, calls: list[Callable[[], object]], *, inside: bool = True) -> Times:
        application, times = self.application, Times(cpu=[], wall=[])
        for call in calls:
            application.cpu = application.wall = 0.0
            if inside:
                call()
            else:
                application.measure(call)
            times["cpu"].append(application.cpu * 1000)
            times["wall"].append(application.wall * 1000)
        return times

    def _counted(self, call: Callable[[], object]) -> dict[str, int]:
        with CaptureQueriesContext(connection) as queries:
            call()
        asked = [query["sql"] for query in queries if query["sql"] != "COMMIT"]
        transactions = sum(statement.startswith(TRANSACTIONS) for statement in asked)
        return {"statements": len(asked) - transactions, "transactions": transactions}


def main() -> None:
    # What the site prints, such as a mail, goes to its log.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    site = Site(VISITS[sys.argv[1]])
    # Where DEBUG is off, Django would mail what went wrong, and to nobody.
    logging.getLogger("django.request").addHandler(logging.StreamHandler())
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(getattr(site, order.pop("do"))(**order)), file=answers)


if __name__ == "__main__":
    main()
