"""The embedded verifier, which needs no key, no network and no service."""

from datetime import UTC, datetime

from ..siwx import proofs
from ..siwx.text import new_nonce, render, timestamp
from ..siwx.wallets import Challenge, MessageFields, Proof, VerifiedWallet
from .base import Backend


class LocalBackend(Backend):
    name = "local"
    is_remote = False

    def request_challenge(self, fields: MessageFields) -> Challenge:
        return challenge_here(fields, issued_by=self.name)

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        return verified_here(challenge, proofs.check(challenge, proof))


def challenge_here(fields: MessageFields, *, issued_by: str) -> Challenge:
    """Issue a challenge whose text is made here, on behalf of the backend ``issued_by``."""
    nonce = new_nonce()
    issued_at = timestamp(datetime.now(UTC))
    return Challenge(
        fields=fields,
        nonce=nonce,
        issued_at=issued_at,
        message=render(fields, nonce=nonce, issued_at=issued_at),
        id=new_nonce(),
        profile_id=None,
        issued_by=issued_by,
    )


def verified_here(challenge: Challenge, proof: Proof) -> VerifiedWallet:
    """Return the evidence of a proof that was checked here, and by no service."""
    return VerifiedWallet(
        challenge=challenge,
        proof=proof,
        verified_by=LocalBackend.name,
        verified_at=datetime.now(UTC),
        profile_id=challenge.profile_id,
    )
