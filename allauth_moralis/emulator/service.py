"""What the Auth API does with a request, without HTTP: a body in, a status and a body out."""

import re
import time
from collections.abc import Callable
from functools import partial

from .. import proofs
from ..wallets import NETWORKS
from .answers import NOT_FOUND, OK, UNAUTHORIZED, Answer, Body, Call, Judge, Refused, refusal
from .behaviour import Behaviour
from .binding import Binding
from .challenges import Challenges
from .profiles import Profiles

ADDRESSES = re.compile(r"/profile/([^/]+)/addresses", re.ASCII)


class AuthService:
    """The service's memory and its rules. ``api_key=None`` takes any key that is not empty.

    ``clock`` gives seconds since the epoch; ``behaviour`` can be replaced at any time.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        behaviour: Behaviour | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.api_key = api_key
        self.behaviour = behaviour or Behaviour()
        self.clock = clock
        self.profiles = Profiles()
        self.challenges = Challenges(self.profiles)
        self.binding = Binding(self.profiles)
        self._posts = self._post_routes()

    def _post_routes(self) -> dict[str, Callable[[Call], Answer]]:
        routes: dict[str, Callable[[Call], Answer]] = {
            "/bind/request": self.binding.bind,
            "/bind/request/verify": self.binding.verify_bind,
            "/bind/remove": self.binding.unbind,
            "/bind/remove/verify": self.binding.verify_unbind,
        }
        for network in NETWORKS:
            routes[f"/challenge/request/{network}"] = partial(self.challenges.request, network)
            routes[f"/challenge/verify/{network}"] = partial(self.challenges.verify, network)
        return routes

    def handle(
        self, method: str, path: str, key: str | None, body: Body, *, judge: Judge = proofs.check
    ) -> Answer:
        """Answer one request. ``key`` is the ``X-API-Key`` header, ``None`` where it is missing."""
        if (method, path) == ("GET", "/health"):
            return OK, {"status": "ok", "info": {}, "error": {}, "details": {}}
        if not key:
            return UNAUTHORIZED, {"message": "Api Key Not Present"}
        if self.api_key is not None and key != self.api_key:
            return UNAUTHORIZED, {"message": "Unauthorized"}
        route = self._route(method, path.partition("?")[0])
        if route is None:
            return refusal(NOT_FOUND, f"Cannot {method} {path}")
        call = Call(key=key, body=body, now=self.clock(), behaviour=self.behaviour, judge=judge)
        try:
            return route(call)
        except Refused as refused:
            return refused.answer

    def _route(self, method: str, path: str) -> Callable[[Call], Answer] | None:
        if method == "POST":
            return self._posts.get(path)
        found = ADDRESSES.fullmatch(path)
        return found and partial(self.binding.addresses, found[1])

    def reset(self) -> None:
        """Forget what was asked and bound."""
        self.challenges.issued.clear()
        self.binding.ceremonies.clear()
        self.profiles.clear()
