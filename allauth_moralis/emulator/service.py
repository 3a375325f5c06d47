"""What the Auth API does with a request, without HTTP: a body in, a status and a body out."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .. import messages, proofs
from ..exceptions import WalletError
from ..messages import AptosWrapper
from ..wallets import APTOS, EVM, MAINNET, NETWORKS, Challenge, Proof, SignIn, Wallet, eip55
from .validation import check_request, check_verify, parse_chain_id, parse_cluster, parse_time

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

    challenge: Challenge
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
        for network in NETWORKS:
            if (method, path) == ("POST", f"/challenge/request/{network}"):
                return self._request(network, key, body)
            if (method, path) == ("POST", f"/challenge/verify/{network}"):
                return self._verify(network, body)
        return refusal(NOT_FOUND, f"Cannot {method} {path}")

    def _request(self, network: str, key: str, body: Body) -> Answer:
        if problems := check_request(network, body, domain_rule=self.behaviour.domain_rule):
            return refusal(BAD_REQUEST, problems)
        asked = _sign_in(network, body)
        nonce, now = messages.new_nonce(), self.clock()
        issued_at = messages.timestamp(datetime.fromtimestamp(now, UTC))
        challenge = Challenge(
            asked=asked,
            nonce=nonce,
            issued_at=issued_at,
            message=messages.render(asked, nonce=nonce, issued_at=issued_at),
            id=messages.new_nonce(),
            profile_id=_profile_id(key, asked.wallet),
            issued_by="emulator",
        )
        with self._lock:
            self._issued = {t: known for t, known in self._issued.items() if known.deadline > now}
            self._issued[challenge.message] = Issued(
                challenge=challenge, deadline=now + body["timeout"]
            )
        return CREATED, {
            "id": challenge.id,
            "message": challenge.message,
            "profileId": challenge.profile_id,
        }

    def _verify(self, network: str, body: Body) -> Answer:
        if problems := check_verify(network, body):
            return refusal(BAD_REQUEST, problems if len(problems) > 1 else problems[0])
        wrapper = AptosWrapper.parse(body["message"]) if network == APTOS else None
        text = wrapper.text if wrapper else body["message"]
        issued = self._issued.get(text)
        now = self.clock()
        if issued is None or now > issued.deadline or issued.challenge.wallet.network != network:
            return refusal(BAD_REQUEST, "Challenge not found")
        proof = Proof(
            signature=body["signature"], full_message=body["message"] if wrapper else None
        )
        if problem := _check_answer(issued.challenge, proof, now):
            return refusal(BAD_REQUEST, problem)
        with self._lock:
            # Two requests at once: one of them finds the challenge gone.
            if self.behaviour.single_use and self._issued.pop(text, None) is None:
                return refusal(BAD_REQUEST, "Challenge not found")
        return CREATED, _verified(issued.challenge)


def _sign_in(network: str, body: Body) -> SignIn:
    if network == EVM:
        wallet = Wallet(network, eip55(body["address"][2:].lower()))
    elif network == APTOS:
        # Whether the service holds the key against the address is not known; this one does not.
        address, key = (body[name].removeprefix("0x").lower() for name in ("address", "publicKey"))
        wallet = Wallet(network, f"0x{address:0>64}", f"0x{key}")
    else:
        wallet = Wallet(network, body["address"])
    return SignIn(
        wallet=wallet,
        domain=body["domain"],
        uri=body["uri"],
        chain_id=parse_chain_id(body["chainId"]) if network == EVM else None,
        cluster=parse_cluster(body) or MAINNET,
        statement=body.get("statement"),
        expiration_time=body.get("expirationTime"),
        not_before=body.get("notBefore"),
        resources=tuple(body.get("resources") or ()),
    )


def _check_answer(challenge: Challenge, proof: Proof, now: float) -> str | None:
    asked = challenge.asked
    if asked.expiration_time and now >= parse_time(asked.expiration_time).timestamp():
        return "Expired message."
    if asked.not_before and now < parse_time(asked.not_before).timestamp():
        return "Message is not valid yet."
    try:
        proofs.check(challenge, proof)
    except WalletError:
        return "Invalid Signature"
    return None


def refusal(status: int, message: str | list[str]) -> Answer:
    """An error in the service's own shape; its gateway's errors have ``message`` alone."""
    names = {BAD_REQUEST: "BadRequestException", NOT_FOUND: "NotFoundException"}
    return status, {"statusCode": status, "name": names[status], "message": message}


def _verified(challenge: Challenge) -> dict[str, Any]:
    asked = challenge.asked
    answer = {
        "id": challenge.id,
        "domain": asked.domain,
        "chainId": asked.chain_id,
        "network": None if asked.wallet.network == EVM else asked.cluster,
        "address": asked.wallet.address,
        "publicKey": asked.wallet.public_key,
        "statement": asked.statement,
        "uri": asked.uri,
        "expirationTime": asked.expiration_time,
        "notBefore": asked.not_before,
        "resources": list(asked.resources) or None,
        "version": "1",
        "nonce": challenge.nonce,
        "profileId": challenge.profile_id,
    }
    return {key: value for key, value in answer.items() if value is not None}


def _profile_id(key: str, wallet: Wallet) -> str:
    """Stable for a wallet, as in the recordings, and known before anything was proven."""
    seed = f"{key}|{wallet.network}|{wallet.address}"
    return "0x" + hashlib.sha256(seed.encode()).hexdigest()
