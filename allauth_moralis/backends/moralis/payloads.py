"""What goes over the wire: the bodies that are sent, and what the responses must say.

Source: the Auth API's reference, ``POST /challenge/request/…`` and ``/challenge/verify/…``. A
response that is not about what was asked raises ``UpstreamRejected``.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ...exceptions import UpstreamRejected
from ...siwx.text import match
from ...siwx.wallets import EVM, SOLANA, Challenge, MessageFields, Proof, Wallet

#: How far the service's clock may be from ours.
MAX_SKEW = timedelta(seconds=90)

ID = r"[a-zA-Z0-9]{8,64}"
PROFILE_ID = r"0x[0-9a-fA-F]{64}"


def challenge_request(fields: MessageFields, *, timeout: int) -> dict[str, Any]:
    """Return the body of ``POST /challenge/request/…``; ``timeout`` is in seconds."""
    wallet = fields.wallet
    values = {
        "domain": fields.domain,
        "chainId": None if fields.chain_id is None else str(fields.chain_id),
        "network": None if wallet.network == EVM else fields.cluster,
        "address": wallet.address,
        "publicKey": wallet.public_key,
        "uri": fields.uri,
        "timeout": timeout,
        "statement": fields.statement,
        "expirationTime": fields.expiration_time,
        "notBefore": fields.not_before,
        "resources": list(fields.resources) or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def challenge_from(response: dict[str, Any], fields: MessageFields, *, issued_by: str) -> Challenge:
    """Read the response to ``POST /challenge/request/…``, whose text must be the one asked for."""
    text = text_of(response, "message", r"[^\x00]{1,4096}")
    found = match(text, fields)
    if found is None:
        raise UpstreamRejected("the text is not the one that was asked for")
    nonce, issued_at = found
    _check_issued_at(issued_at)
    return Challenge(
        fields=fields,
        nonce=nonce,
        issued_at=issued_at,
        message=text,
        id=text_of(response, "id", ID),
        profile_id=text_of(response, "profileId", PROFILE_ID),
        issued_by=issued_by,
    )


def verify_request(challenge: Challenge, proof: Proof) -> dict[str, Any]:
    """Return the body of ``POST /challenge/verify/…``."""
    return {"message": challenge.signed_text(proof), "signature": proof.signature}


def profile_id_from(response: dict[str, Any], challenge: Challenge) -> str:
    """Read the response to ``POST /challenge/verify/…``, which must be about this challenge."""
    _compare(response, challenge)
    return text_of(response, "profileId", PROFILE_ID)


def text_of(response: dict[str, Any], key: str, pattern: str) -> str:
    """Return a string of the response, or raise ``UpstreamRejected`` if it is malformed."""
    value = response.get(key)
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise UpstreamRejected(f"{key} is missing or malformed")
    return value


def _check_issued_at(issued_at: str) -> None:
    try:
        moment = datetime.fromisoformat(issued_at)
        skew = abs(moment - datetime.now(UTC))
    except (ValueError, TypeError):  # not a time, or a time without a zone
        raise UpstreamRejected("the time of issue is not a time") from None
    if skew > MAX_SKEW:
        raise UpstreamRejected("the time of issue is not now")


def _compare(response: dict[str, Any], challenge: Challenge) -> None:
    """Raise ``UpstreamRejected`` unless the response is about this challenge, field by field."""
    fields = challenge.fields
    required = {
        "id": challenge.id,
        "domain": fields.domain,
        "uri": fields.uri,
        "version": "1",
        "nonce": challenge.nonce,
    }
    differing = [key for key, value in required.items() if response.get(key) != value]
    optional: dict[str, Any] = {
        "statement": fields.statement,
        "expirationTime": fields.expiration_time,
        "notBefore": fields.not_before,
        "resources": list(fields.resources) or None,
    }
    if fields.wallet.network != EVM:
        # For Aptos the response once had a chain id instead; the text names it anyway.
        optional |= {"network": fields.cluster, "publicKey": fields.wallet.public_key}
    differing += [
        key
        for key, value in optional.items()
        if key in response and (response[key] or None) != (value or None)
    ]
    if not _same_address(response.get("address"), fields.wallet):
        differing.append("address")
    if fields.wallet.network == EVM and _chain_id(response.get("chainId")) != fields.chain_id:
        differing.append("chainId")
    if differing:
        raise UpstreamRejected(f"the response is about something else: {', '.join(differing)}")


def _same_address(value: object, wallet: Wallet) -> bool:
    if not isinstance(value, str):
        return False
    if wallet.network == SOLANA:  # where another letter case is another address
        return value == wallet.address
    return value.lower() == wallet.address.lower()


def _chain_id(value: object) -> int | None:
    """Parse a chain id: a number in the recordings, a string in the schema, hex from the SDK."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 0 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
