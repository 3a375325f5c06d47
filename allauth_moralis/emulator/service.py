"""What the Auth API does with a request, without HTTP: a body in, a status and a body out."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .. import messages, signatures
from ..exceptions import WalletError
from ..wallets import EVM, SignIn, Wallet, eip55
from .validation import check_request, check_verify, parse_chain_id, parse_time

Body = Mapping[str, Any]
Answer = tuple[int, dict[str, Any]]

CREATED, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 201, 400, 401, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What nothing public says of the service, and a client must be safe with either way."""

    #: Whether a challenge that was verified can be verified again.
    single_use: bool = True
    #: ``lenient``: host and port are taken; ``fqdn``: a domain name alone.
    domain_rule: str = "lenient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A challenge that the service remembers. ``deadline`` is in seconds since the epoch."""

    id: str
    asked: SignIn
    nonce: str
    profile_id: str
    deadline: float


@dataclass(slots=True, kw_only=True)
class AuthService:
    """The service's memory and its rules. ``api_key=None`` takes any key that is not empty."""

    api_key: str | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    clock: Callable[[], float] = time.time
    _issued: dict[str, Issued] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, method: str, path: str, key: str | None, body: Body) -> Answer:
        """Answer one request. ``key`` is the ``X-API-Key`` header, ``None`` where it is missing."""
        if (method, path) == ("GET", "/health"):
            return 200, {"status": "ok", "info": {}, "error": {}, "details": {}}
        if not key:
            return UNAUTHORIZED, {"message": "Api Key Not Present"}
        if self.api_key is not None and key != self.api_key:
            return UNAUTHORIZED, {"message": "Unauthorized"}
        if (method, path) == ("POST", "/challenge/request/evm"):
            return self._request(key, body)
        if (method, path) == ("POST", "/challenge/verify/evm"):
            return self._verify(body)
        return refusal(NOT_FOUND, f"Cannot {method} {path}")

    def _request(self, key: str, body: Body) -> Answer:
        if problems := check_request(body, domain_rule=self.behaviour.domain_rule):
            return refusal(BAD_REQUEST, problems)
        wallet = Wallet(EVM, eip55(body["address"][2:].lower()))
        now = self.clock()
        asked = SignIn(
            wallet=wallet,
            domain=body["domain"],
            uri=body["uri"],
            chain_id=parse_chain_id(body["chainId"]) or 0,
            statement=body.get("statement"),
            expiration_time=body.get("expirationTime"),
            not_before=body.get("notBefore"),
            resources=tuple(body.get("resources") or ()),
        )
        issued = Issued(
            id=messages.new_nonce(),
            asked=asked,
            nonce=messages.new_nonce(),
            profile_id=_profile_id(key, wallet),
            deadline=now + body["timeout"],
        )
        text = messages.render(
            asked,
            nonce=issued.nonce,
            issued_at=messages.timestamp(datetime.fromtimestamp(now, UTC)),
        )
        with self._lock:
            self._issued = {t: known for t, known in self._issued.items() if known.deadline > now}
            self._issued[text] = issued
        return CREATED, {"id": issued.id, "message": text, "profileId": issued.profile_id}

    def _verify(self, body: Body) -> Answer:
        if problems := check_verify(body):
            return refusal(BAD_REQUEST, problems if len(problems) > 1 else problems[0])
        text = body["message"]
        issued = self._issued.get(text)
        now = self.clock()
        if issued is None or now > issued.deadline:
            return refusal(BAD_REQUEST, "Challenge not found")
        if problem := _check_answer(issued, text, body["signature"], now):
            return refusal(BAD_REQUEST, problem)
        with self._lock:
            # Two requests at once: one of them finds the challenge gone.
            if self.behaviour.single_use and self._issued.pop(text, None) is None:
                return refusal(BAD_REQUEST, "Challenge not found")
        return CREATED, _verified(issued)


def _check_answer(issued: Issued, text: str, signature: str, now: float) -> str | None:
    asked = issued.asked
    if asked.expiration_time and now >= parse_time(asked.expiration_time).timestamp():
        return "Expired message."
    if asked.not_before and now < parse_time(asked.not_before).timestamp():
        return "Message is not valid yet."
    try:
        signatures.check_evm(text, signature, asked.wallet.address)
    except WalletError:
        return "Invalid Signature"
    return None


def refusal(status: int, message: str | list[str]) -> Answer:
    """An error in the service's own shape; its gateway's errors have ``message`` alone."""
    names = {BAD_REQUEST: "BadRequestException", NOT_FOUND: "NotFoundException"}
    return status, {"statusCode": status, "name": names[status], "message": message}


def _verified(issued: Issued) -> dict[str, Any]:
    asked = issued.asked
    answer = {
        "id": issued.id,
        "domain": asked.domain,
        "chainId": asked.chain_id,
        "address": asked.wallet.address,
        "statement": asked.statement,
        "uri": asked.uri,
        "expirationTime": asked.expiration_time,
        "notBefore": asked.not_before,
        "resources": list(asked.resources) or None,
        "version": "1",
        "nonce": issued.nonce,
        "profileId": issued.profile_id,
    }
    return {key: value for key, value in answer.items() if value is not None}


def _profile_id(key: str, wallet: Wallet) -> str:
    """Stable for a wallet, as in the recordings, and known before anything was proven."""
    seed = f"{key}|{wallet.network}|{wallet.address}"
    return "0x" + hashlib.sha256(seed.encode()).hexdigest()
