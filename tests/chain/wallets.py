"""Wallets whose contracts are among ``contracts``, beside the kit's own."""

from dataclasses import dataclass

from allauth_moralis.siwx.signatures import eip191_hash, keccak256
from allauth_moralis.testing import ContractWallet

from .artifacts import encode


@dataclass(frozen=True)
class OwnersWallet(ContractWallet):
    """Of ``Owners``: the owner with this number signs for this contract and this chain alone."""

    number: int = 0

    def sign_as_owner(self, message: str) -> bytes:
        bound = encode(
            ("bytes32", "uint256", "address"), eip191_hash(message), self.chain_id, self.address
        )
        signature = self.owner.sign_digest(keccak256(bound))
        return encode(("uint256", "bytes"), self.number, signature)
