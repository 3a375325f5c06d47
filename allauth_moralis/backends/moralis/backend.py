"""Moralis judges: what is asked of its Auth API, and what its answers must say.

Source: the Auth API's reference, ``POST /challenge/request/…`` and ``/challenge/verify/…``.
On what the reference leaves open (single use, the fate of ``host:port``) nothing here depends.
"""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.checks import CheckMessage, Error

from ... import conf
from ...exceptions import (
    ChallengeExpired,
    SignatureInvalid,
    UnsupportedChain,
    UnsupportedNetwork,
    UpstreamRejected,
    WalletError,
)
from ...siwx import proofs
from ...siwx.text import match
from ...siwx.wallets import EVM, SOLANA, Challenge, Proof, SignIn, VerifiedWallet, Wallet
from ..base import Backend
from .auth_api import AuthApi, Refused, text_of

logger = logging.getLogger("allauth_moralis")

#: How far the service's clock may be from ours.
MAX_SKEW = timedelta(seconds=90)

ID = r"[a-zA-Z0-9]{8,64}"
PROFILE_ID = r"0x[0-9a-fA-F]{64}"


class MoralisBackend(Backend):
    name = "moralis"

    def __init__(self) -> None:
        self.api = AuthApi()

    @property
    def available(self) -> bool:
        return not self.api.circuit.is_open

    def request_challenge(self, asked: SignIn) -> Challenge:
        try:
            return self._request(asked)
        except Refused as refused:
            bare = re.sub(r":[0-9]+$", "", asked.domain)
            if bare == asked.domain or not refused.says(r"^domain must be a valid"):
                raise request_error(refused) from None
        # Whether the service takes a domain with a port is not documented, so it is asked for.
        logger.warning("the service takes no port in a domain; set DOMAIN to %r", bare)
        try:
            return self._request(replace(asked, domain=bare))
        except Refused as refused:
            raise request_error(refused) from None

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        # First here: a wrong signature costs no call, and no "yes" of the service can heal it.
        proofs.check(challenge, proof)
        try:
            answer = self.api.post(
                f"/challenge/verify/{challenge.wallet.network}",
                {"message": challenge.signed_text(proof), "signature": proof.signature},
            )
        except Refused as refused:
            raise verify_error(refused) from None
        _compare(answer, challenge)
        return VerifiedWallet(
            challenge=challenge,
            proof=proof,
            verified_by=self.name,
            verified_at=datetime.now(UTC),
            profile_id=text_of(answer, "profileId", PROFILE_ID),
        )

    def check(self) -> list[CheckMessage]:
        if conf.current().api_key:
            return []
        return [
            Error(
                "The Moralis backend needs an API key.",
                hint='Set SOCIALACCOUNT_PROVIDERS["moralis"]["API_KEY"], or leave BACKEND out to '
                "have the embedded verifier do the work.",
                id="allauth_moralis.E010",
            )
        ]

    def _request(self, asked: SignIn) -> Challenge:
        wallet = asked.wallet
        fields = {
            "domain": asked.domain,
            "chainId": None if asked.chain_id is None else str(asked.chain_id),
            "network": None if wallet.network == EVM else asked.cluster,
            "address": wallet.address,
            "publicKey": wallet.public_key,
            "uri": asked.uri,
            "timeout": conf.current().challenge_ttl,
            "statement": asked.statement,
            "expirationTime": asked.expiration_time,
            "notBefore": asked.not_before,
            "resources": list(asked.resources) or None,
        }
        body = {key: value for key, value in fields.items() if value is not None}
        # Asking twice harms nobody: a text that no wallet sees is worth nothing.
        answer = self.api.post(f"/challenge/request/{wallet.network}", body, retry=True)
        text = text_of(answer, "message", r"[^\x00]{1,4096}")
        found = match(text, asked)
        if found is None:
            raise UpstreamRejected("the text is not the one that was asked for")
        nonce, issued_at = found
        _check_issued_at(issued_at)
        return Challenge(
            asked=asked,
            nonce=nonce,
            issued_at=issued_at,
            message=text,
            id=text_of(answer, "id", ID),
            profile_id=text_of(answer, "profileId", PROFILE_ID),
            issued_by=self.name,
        )


def request_error(refused: Refused) -> WalletError:
    if refused.says(r"^chainId\b"):
        return UnsupportedChain("refused by the service")
    if refused.says(r"^network\b"):
        return UnsupportedNetwork("refused by the service")
    return UpstreamRejected("the service refused to make the text")


def verify_error(refused: Refused) -> WalletError:
    if refused.says(r"\bexpired\b"):
        return ChallengeExpired("said by the service")
    if refused.says(r"\bsignature\b"):
        return SignatureInvalid("said by the service")
    return UpstreamRejected("the service refused to judge the signature")


def _check_issued_at(issued_at: str) -> None:
    try:
        moment = datetime.fromisoformat(issued_at)
        skew = abs(moment - datetime.now(UTC))
    except (ValueError, TypeError):  # not a time, or one without its zone
        raise UpstreamRejected("the time of issue is not a time") from None
    if skew > MAX_SKEW:
        raise UpstreamRejected("the time of issue is not now")


def _compare(answer: dict[str, Any], challenge: Challenge) -> None:
    """Raise unless the answer speaks of this challenge, field by field."""
    asked = challenge.asked
    required = {
        "id": challenge.id,
        "domain": asked.domain,
        "uri": asked.uri,
        "version": "1",
        "nonce": challenge.nonce,
    }
    differing = [key for key, value in required.items() if answer.get(key) != value]
    optional: dict[str, Any] = {
        "statement": asked.statement,
        "expirationTime": asked.expiration_time,
        "notBefore": asked.not_before,
        "resources": list(asked.resources) or None,
    }
    if asked.wallet.network != EVM:
        # Aptos' answer once had a chain id in its place; the text names it anyway.
        optional |= {"network": asked.cluster, "publicKey": asked.wallet.public_key}
    differing += [
        key
        for key, value in optional.items()
        if key in answer and (answer[key] or None) != (value or None)
    ]
    if not _same_address(answer.get("address"), asked.wallet):
        differing.append("address")
    if asked.wallet.network == EVM and _chain_id(answer.get("chainId")) != asked.chain_id:
        differing.append("chainId")
    if differing:
        raise UpstreamRejected(f"the answer is about something else: {', '.join(differing)}")


def _same_address(value: object, wallet: Wallet) -> bool:
    if not isinstance(value, str):
        return False
    if wallet.network == SOLANA:  # where another letter case is another address
        return value == wallet.address
    return value.lower() == wallet.address.lower()


def _chain_id(value: object) -> int | None:
    """The recordings show a number, the schema a string, and the SDK sends hex."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 0 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
