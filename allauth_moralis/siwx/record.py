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
    asked = challenge.asked
    fields = {
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
        "profileId": profile_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def extra_data(verified: VerifiedWallet) -> dict[str, Any]:
    """Return what is stored as ``SocialAccount.extra_data``."""
    challenge, envelope = verified.challenge, verified.proof.envelope
    return {
        "network": challenge.wallet.network,
        "chain_id": challenge.asked.chain_id,
        "verified": verified_fields(challenge, verified.profile_id),
        "verified_by": verified.verified_by,
        "verified_at": verified.verified_at.isoformat(),
        "message": challenge.signed_text(verified.proof),
        "signature": verified.proof.signature,
        # Without it no one could see that the message and the signature belong together.
        **({"envelope": envelope} if envelope else {}),
    }
