"""Those who come to a site under load: each kind of visit is a sign-in, or ends in a refusal."""

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import requests

from allauth_moralis.testing import ContractWallet, EvmWallet, SigningWallet

from ..visitors import Browser, Served

API = "/_allauth/app/v1/auth/provider"
#: How many of a hundred visits are of which kind.
MIX = {"new": 30, "returning": 40, "wrong signature": 10, "contract wallet": 10, "headless": 10}
REFUSED = "wrong signature"


class Unexpected(Exception):
    """Another answer than the visit should have had."""


@dataclass(frozen=True, slots=True)
class Visit:
    kind: str
    seconds: float
    #: What went wrong, or nothing.
    error: str = ""

    @property
    def signed_in(self) -> bool:
        return not self.error and self.kind != REFUSED


class Visitor(Browser):
    """Keeps its connection, as browsers do."""

    def close(self) -> None:
        self.http.close()

    def post_form(self, path: str, **fields: object) -> requests.Response:
        return self.http.post(
            f"{self.site.url}/accounts/{path}",
            data={**fields, "csrfmiddlewaretoken": self.token},
            allow_redirects=False,
            timeout=60,
        )


@dataclass
class Crowd:
    """All who visit a site. ``contracts`` are wallets on the chain that it asks."""

    site: Served
    contracts: Sequence[ContractWallet] = ()
    #: Wallets that have an account.
    known: list[EvmWallet] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, Callable[[], None]]:
        every = {
            "new": self.new,
            "returning": lambda: self.enter(random.choice(self.known)),
            REFUSED: self.wrong_signature,
            "contract wallet": lambda: self.enter(random.choice(self.contracts)),
            "headless": self.headless,
        }
        return {
            kind: visit for kind, visit in every.items() if self.contracts or "contract" not in kind
        }

    def new(self) -> None:
        wallet = EvmWallet()
        self.enter(wallet)
        self.known.append(wallet)

    def enter(self, wallet: SigningWallet) -> None:
        with closing(Visitor(self.site)) as visitor:
            issued = expect(visitor.try_to_ask(wallet), 200).json()
            expect(visitor.answer(issued["challenge"], wallet.sign(issued["message"])), 302)

    def wrong_signature(self) -> None:
        with closing(Visitor(self.site)) as visitor:
            issued = expect(visitor.try_to_ask(EvmWallet()), 200).json()
            forged = EvmWallet().sign(issued["message"])
            page = expect(visitor.answer(issued["challenge"], forged), 401)
            if 'data-error-code="signature_invalid"' not in page.text:
                raise Unexpected("another refusal than signature_invalid")

    def headless(self) -> None:
        wallet = random.choice(self.known)
        with requests.Session() as http:
            asked = http.post(
                f"{self.site.url}{API}/moralis/challenge", json=wallet.described, timeout=60
            )
            told = expect(asked, 200).json()
            issued = told["data"]
            proof = {"challenge": issued["challenge"], **wallet.prove(issued["message"])}
            token = {"id_token": json.dumps(proof)}
            answered = http.post(
                f"{self.site.url}{API}/token",
                json={"provider": "moralis", "process": "login", "token": token},
                headers={"X-Session-Token": told["meta"]["session_token"]},
                timeout=60,
            )
            expect(answered, 200)

    def visit(self) -> Visit:
        kinds = self.kinds
        (kind,) = random.choices(list(kinds), [MIX[kind] for kind in kinds])
        started = time.perf_counter()
        error = ""
        try:
            kinds[kind]()
        except (AssertionError, Unexpected) as unexpected:
            error = str(unexpected).partition("\n")[0]
        except requests.RequestException as failure:  # its text names ports, each another one
            error = type(failure).__name__
        return Visit(kind, time.perf_counter() - started, error)


def expect(response: requests.Response, status: int) -> requests.Response:
    if response.status_code != status:
        path = response.request.path_url.partition("?")[0]
        raise Unexpected(f"{response.status_code} of {path}, and not {status}")
    return response


class Run:
    """Visits by so many at a time, until the time is over or so many have signed in."""

    def __init__(self, crowd: Crowd, *, at_once: int, seconds: float, sign_ins: int | None) -> None:
        self.crowd = crowd
        self.at_once = at_once
        self.sign_ins = sign_ins
        self.visits: list[Visit] = []
        self.seconds = seconds
        self._lock = threading.Lock()
        self._signed_in = 0

    def __call__(self, meanwhile: Callable[[int], None]) -> None:
        """Run, and call ``meanwhile`` each second with how many have signed in."""
        started = time.monotonic()
        self._deadline = started + self.seconds
        with ThreadPoolExecutor(self.at_once) as pool:
            people = [pool.submit(self._keep_visiting) for _ in range(self.at_once)]
            while not all(person.done() for person in people):
                meanwhile(self._signed_in)
                time.sleep(min(1, max(0.1, self._deadline - time.monotonic())))
        self.seconds = time.monotonic() - started
        meanwhile(self._signed_in)
        for person in people:
            person.result()

    def _keep_visiting(self) -> None:
        while time.monotonic() < self._deadline and not self._is_enough():
            visit = self.crowd.visit()
            with self._lock:
                self.visits.append(visit)
                self._signed_in += visit.signed_in

    def _is_enough(self) -> bool:
        return self.sign_ins is not None and self._signed_in >= self.sign_ins
