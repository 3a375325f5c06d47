"""The embedded verifier, which needs no API key and no service.

About a contract wallet it asks a node, if the site has one (``RPC``).
"""

from datetime import UTC, datetime

from ..ethereum import contracts, rpc
from ..exceptions import SignatureOfAnotherKey, SignatureOfContract
from ..siwx import proofs
from ..siwx.text import new_nonce, render, timestamp
from ..siwx.wallets import CONTRACT, Challenge, MessageFields, Proof, VerifiedWallet
from .base import Backend


class LocalBackend(Backend):
    name = "local"
    is_remote = False

    def request_challenge(self, fields: MessageFields) -> Challenge:
        return challenge_here(fields, issued_by=self.name)

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        return verify_here(challenge, proof)


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


def verify_here(challenge: Challenge, proof: Proof) -> VerifiedWallet:
    """Return the evidence that the wallet's key signed, or that its contract says that it did.

    The key comes first, so no node is asked about most wallets, and an account that delegates to
    a contract (EIP-7702) is not shut out by it.
    """
    try:
        return evidence(challenge, proofs.check(challenge, proof), LocalBackend.name)
    except (SignatureOfAnotherKey, SignatureOfContract):
        session = rpc.session(challenge.fields.chain_id)
        if session is None:
            raise
    return evidence(challenge, contracts.check(session, challenge, proof), CONTRACT)


def evidence(challenge: Challenge, proof: Proof, verified_by: str) -> VerifiedWallet:
    return VerifiedWallet(
        challenge=challenge,
        proof=proof,
        verified_by=verified_by,
        verified_at=datetime.now(UTC),
        profile_id=challenge.profile_id,
    )
