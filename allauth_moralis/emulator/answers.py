"""A request as the service's rules see it, and what they make of it; both without HTTP."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import proofs
from ..wallets import Challenge, Proof
from .behaviour import Behaviour

Body = Mapping[str, Any]
#: A status, and what is sent as JSON.
Answer = tuple[int, Any]
#: Returns where the proof answers the challenge, and raises a ``WalletError`` where it does not.
Judge = Callable[[Challenge, Proof], None]

OK, CREATED, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 200, 201, 400, 401, 404

NAMES = {BAD_REQUEST: "BadRequestException", NOT_FOUND: "NotFoundException"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, whose key was good. ``now`` is in seconds since the epoch."""

    key: str
    body: Body
    now: float
    behaviour: Behaviour
    judge: Judge = proofs.check

    @property
    def customer(self) -> str:
        """Who calls, to tell customers apart by; the key itself is not kept."""
        return hashlib.sha256(self.key.encode()).hexdigest()


class Refused(Exception):
    """The request ends here, with ``answer``."""

    def __init__(self, status: int, message: str | list[str]) -> None:
        super().__init__(message)
        self.answer = refusal(status, message)


def refuse_if(problems: list[str]) -> None:
    """Raise ``Refused`` where the validator found something: always a list, as its framework
    makes it. (One sentence alone is shown in the sources too, but only as a validator's text.)
    """
    if problems:
        raise Refused(BAD_REQUEST, problems)


def refusal(status: int, message: str | list[str]) -> Answer:
    """An error in the service's own shape; its gateway's errors have ``message`` alone."""
    return status, {"statusCode": status, "name": NAMES[status], "message": message}
