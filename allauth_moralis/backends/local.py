"""The embedded verifier, which needs no key, no network and no service."""

from datetime import UTC, datetime

from ..siwx import proofs
from ..siwx.text import new_nonce, render, timestamp
from ..siwx.wallets import Challenge, Proof, SignIn, VerifiedWallet
from .base import Backend


class LocalBackend(Backend):
    name = "local"
    is_remote = False

    def request_challenge(self, asked: SignIn) -> Challenge:
        nonce = new_nonce()
        issued_at = timestamp(datetime.now(UTC))
        return Challenge(
            asked=asked,
            nonce=nonce,
            issued_at=issued_at,
            message=render(asked, nonce=nonce, issued_at=issued_at),
            id=new_nonce(),
            profile_id=None,
            issued_by=self.name,
        )

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        proofs.check(challenge, proof)
        return VerifiedWallet(
            challenge=challenge,
            proof=proof,
            verified_by=self.name,
            verified_at=datetime.now(UTC),
            profile_id=None,
        )
