"""The Auth API without HTTP: it takes the body of a request, and returns a status and a body."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..exceptions import WalletError
from ..siwx import proofs
from ..siwx.record import verified_fields
from ..siwx.text import AptosWrapper, new_nonce, render, timestamp
from ..siwx.wallets import (
    APTOS,
    EVM,
    MAINNET,
    NETWORKS,
    Challenge,
    MessageFields,
    Proof,
    Wallet,
    eip55,
)
from .profiles import Profiles
from .validation import (
    check_account,
    check_pair,
    check_request,
    check_verify,
    parse_chain_id,
    parse_cluster,
    parse_time,
    reworded,
)

Body = Mapping[str, Any]
Response = tuple[int, dict[str, Any] | list[str]]

PROFILE_PATH = re.compile(r"/profile/(0x[0-9a-fA-F]{64})/addresses", re.ASCII)
#: How many challenges are remembered, so that a flood of them uses only so much memory.
MAX_ISSUED = 10_000
CREATED, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 201, 400, 401, 404


#: The possible values of each field of ``Behaviour``.
CHOICES: dict[str, tuple[Any, ...]] = {
    "single_use": (True, False),
    "domain_rule": ("lenient", "fqdn"),
    "addresses_status": (200, 201),
    "verify_chain_id": ("number", "string"),
    "validator": ("0.13", "0.14"),
    "checks_signatures": (True, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What is not publicly known about the service. A client must be safe with every value."""

    #: Whether a challenge can be verified only once.
    single_use: bool = True
    #: ``lenient``: a host and a port are accepted; ``fqdn``: only a domain name is.
    domain_rule: str = "lenient"
    #: It is documented as 201, but the framework's default for a GET is 200.
    addresses_status: int = 201
    #: ``number`` in the recordings, ``string`` in the schema.
    verify_chain_id: str = "number"
    #: The version of the validator, 0.13 or 0.14, whose wording is used for invalid fields.
    validator: str = "0.14"
    #: ``False`` makes it a compromised service, which accepts any signature.
    checks_signatures: bool = True

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            # The types are compared too: to Python, 1 equals True.
            if (type(value), value) not in [(type(choice), choice) for choice in choices]:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A challenge that the service remembers until ``deadline``, in seconds since the epoch."""

    challenge: Challenge
    deadline: float


@dataclass(slots=True, kw_only=True)
class AuthService:
    """The service's memory and rules. ``api_key=None`` accepts any key that is not empty."""

    api_key: str | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    clock: Callable[[], float] = time.time
    profiles: Profiles = field(default_factory=Profiles)
    _issued: dict[str, Issued] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.profiles.clock = self.clock

    def handle(self, method: str, path: str, key: str | None, body: Body) -> Response:
        """Return the response to a request. ``key`` is the ``X-API-Key`` header, if any."""
        if (method, path) == ("GET", "/health"):
            return 200, {"status": "ok", "info": {}, "error": {}, "details": {}}
        if not key:
            return UNAUTHORIZED, {"message": "Api Key Not Present"}
        if self.api_key is not None and key != self.api_key:
            return UNAUTHORIZED, {"message": "Unauthorized"}
        return self._route(method, path, key, body)

    def _route(self, method: str, path: str, key: str, body: Body) -> Response:
        if route := ROUTES.get((method, path)):
            return route(self, key, body)
        if method == "GET" and (found := PROFILE_PATH.fullmatch(path)):
            return self.behaviour.addresses_status, self.profiles.addresses(key, found[1])
        return refusal(NOT_FOUND, f"Cannot {method} {path}")

    def request_bind(self, key: str, body: Body) -> Response:
        accounts: Any = body.get("addresses")
        if problems := check_pair("addresses", accounts):
            return refusal(BAD_REQUEST, problems)
        problems = [problem for account in accounts for problem in check_account(account)]
        if problems:
            return refusal(BAD_REQUEST, problems)
        first, second = (_wallet(account["blockchainType"], account) for account in accounts)
        return CREATED, {"messages": self.profiles.request_bind(key, (first, second))}

    def verify_bind(self, key: str, body: Body) -> Response:
        verifications: Any = body.get("verifications")
        if problems := check_pair("verifications", verifications):
            return refusal(BAD_REQUEST, problems)
        if problems := [p for one in verifications for p in check_verify(None, one)]:
            return refusal(BAD_REQUEST, problems)
        signed = self.profiles.take_bind(key, verifications)
        if signed is None:
            return refusal(BAD_REQUEST, "Invalid Signature")
        return CREATED, {"profileId": self.profiles.merge(key, signed)}

    def request_unbind(self, key: str, body: Body) -> Response:
        problems = check_account(body)
        if not isinstance(body.get("profileId"), str):
            problems.append("profileId must be a string")
        if problems:
            return refusal(BAD_REQUEST, problems)
        wallet = _wallet(body["blockchainType"], body)
        if self.profiles.of(key, wallet) != body["profileId"]:
            return refusal(BAD_REQUEST, "The address is not of this profile")
        return CREATED, {"message": self.profiles.request_unbind(key, wallet, body["profileId"])}

    def verify_unbind(self, key: str, body: Body) -> Response:
        if problems := check_verify(None, body):
            return refusal(BAD_REQUEST, problems)
        wallet = self.profiles.take_unbind(key, body)
        if wallet is None:
            return refusal(BAD_REQUEST, "Invalid Signature")
        return CREATED, {"profileId": self.profiles.separate(key, wallet)}

    def request_challenge(self, key: str, body: Body, network: str) -> Response:
        if problems := check_request(network, body, domain_rule=self.behaviour.domain_rule):
            return refusal(BAD_REQUEST, reworded(problems, self.behaviour.validator))
        fields = _message_fields(network, body)
        nonce, now = new_nonce(), self.clock()
        issued_at = timestamp(datetime.fromtimestamp(now, UTC))
        challenge = Challenge(
            fields=fields,
            nonce=nonce,
            issued_at=issued_at,
            message=render(fields, nonce=nonce, issued_at=issued_at),
            id=new_nonce(),
            profile_id=self.profiles.of(key, fields.wallet),
            issued_by="emulator",
        )
        with self._lock:
            self._issued = {t: known for t, known in self._issued.items() if known.deadline > now}
            while len(self._issued) >= MAX_ISSUED:
                del self._issued[next(iter(self._issued))]  # the oldest
            self._issued[challenge.message] = Issued(
                challenge=challenge, deadline=now + body["timeout"]
            )
        return CREATED, {
            "id": challenge.id,
            "message": challenge.message,
            "profileId": challenge.profile_id,
        }

    def verify_challenge(self, key: str, body: Body, network: str) -> Response:
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
        if problem := _check_proof(issued.challenge, proof, now, self.behaviour):
            return refusal(BAD_REQUEST, problem)
        with self._lock:
            # Of two simultaneous requests, one finds the challenge gone.
            if self.behaviour.single_use and self._issued.pop(text, None) is None:
                return refusal(BAD_REQUEST, "Challenge not found")
        # The current one: binding may have changed it since the challenge was requested.
        profile_id = self.profiles.of(key, issued.challenge.wallet)
        return CREATED, _verified(issued.challenge, profile_id, self.behaviour)


def _wallet(network: str, body: Body) -> Wallet:
    """Return the wallet of a body that was checked before."""
    if network == EVM:
        return Wallet(network, eip55(body["address"][2:].lower()))
    if network == APTOS:
        # Whether the service compares the key with the address is not known; this one does not.
        address, key = (body[name].removeprefix("0x").lower() for name in ("address", "publicKey"))
        return Wallet(network, f"0x{address:0>64}", f"0x{key}")
    return Wallet(network, body["address"])


def _message_fields(network: str, body: Body) -> MessageFields:
    return MessageFields(
        wallet=_wallet(network, body),
        domain=body["domain"],
        uri=body["uri"],
        chain_id=parse_chain_id(body["chainId"]) if network == EVM else None,
        cluster=parse_cluster(body) or MAINNET,
        statement=body.get("statement"),
        expiration_time=body.get("expirationTime"),
        not_before=body.get("notBefore"),
        resources=tuple(body.get("resources") or ()),
    )


def _check_proof(
    challenge: Challenge, proof: Proof, now: float, behaviour: Behaviour
) -> str | None:
    fields = challenge.fields
    if fields.expiration_time and now >= parse_time(fields.expiration_time).timestamp():
        return "Expired message."
    if fields.not_before and now < parse_time(fields.not_before).timestamp():
        return "Message is not valid yet."
    if not behaviour.checks_signatures:
        return None
    try:
        checked = proofs.check(challenge, proof)
    except WalletError:
        return "Invalid Signature"
    # Nothing public says that the service knows the envelopes of hardware wallets.
    return "Invalid Signature" if checked.envelope else None


def refusal(status: int, message: str | list[str]) -> Response:
    """Return an error in the service's own form. Its gateway's errors have only a ``message``."""
    names = {BAD_REQUEST: "BadRequestException", NOT_FOUND: "NotFoundException"}
    return status, {"statusCode": status, "name": names[status], "message": message}


def _verified(challenge: Challenge, profile_id: str, behaviour: Behaviour) -> dict[str, Any]:
    answer = verified_fields(challenge, profile_id)
    if behaviour.verify_chain_id == "string" and "chainId" in answer:
        answer["chainId"] = str(answer["chainId"])
    return answer


Route = Callable[[AuthService, str, Body], Response]


def _of(action: Callable[..., Response], network: str) -> Route:
    return lambda service, key, body: action(service, key, body, network)


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/bind/request"): AuthService.request_bind,
    ("POST", "/bind/request/verify"): AuthService.verify_bind,
    ("POST", "/bind/remove"): AuthService.request_unbind,
    ("POST", "/bind/remove/verify"): AuthService.verify_unbind,
}
for _network in NETWORKS:
    ROUTES["POST", f"/challenge/request/{_network}"] = _of(AuthService.request_challenge, _network)
    ROUTES["POST", f"/challenge/verify/{_network}"] = _of(AuthService.verify_challenge, _network)
