"""What is stored about a verified wallet, in ``SocialAccount.extra_data``, by whatever backend.

The names under ``verified`` are promised to be the Auth API's, so that people who come from it, and
sites that change the backend, find the same fields.
"""

from typing import Any

from .wallets import EVM, Challenge, VerifiedWallet


def verified_fields(challenge: Challenge, profile_id: str | None) -> dict[str, Any]:
    """Return what was verified, in the Auth API's names and order.

    Fields that do not apply are left out.
    """
    fields = challenge.fields
    values = {
        "id": challenge.id,
        "domain": fields.domain,
        "chainId": fields.chain_id,
        "network": None if fields.wallet.network == EVM else fields.cluster,
        "address": fields.wallet.address,
        "publicKey": fields.wallet.public_key,
        "statement": fields.statement,
        "uri": fields.uri,
        "expirationTime": fields.expiration_time,
        "notBefore": fields.not_before,
        "resources": list(fields.resources) or None,
        "version": "1",
        "nonce": challenge.nonce,
        "profileId": profile_id,
    }
    return {name: value for name, value in values.items() if value is not None}


def extra_data(verified: VerifiedWallet) -> dict[str, Any]:
    """Return what is stored as ``SocialAccount.extra_data``."""
    challenge, envelope = verified.challenge, verified.proof.envelope
    return {
        "network": challenge.wallet.network,
        "chain_id": challenge.fields.chain_id,
        "verified": verified_fields(challenge, verified.profile_id),
        "verified_by": verified.verified_by,
        "verified_at": verified.verified_at.isoformat(),
        "message": challenge.signed_text(verified.proof),
        "signature": verified.proof.signature,
        # Without it no one could see that the message and the signature belong together.
        **({"envelope": envelope} if envelope else {}),
    }
