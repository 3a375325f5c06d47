"""Wallets that are contracts, for a test that has a node to ask about them."""

from dataclasses import dataclass, field
from typing import ClassVar

from ..ethereum.contracts import Wrapper
from ..siwx.wallets import EVM, contract_uid
from .wallets import EvmWallet, SigningWallet


@dataclass(frozen=True)
class ContractWallet(SigningWallet):
    """A contract on a chain that accepts its owner's signatures of a text (ERC-1271).

    ``factory`` and ``factory_data`` are what deploys it, where that has not been done: it then
    wraps its signatures (ERC-6492). A wallet that wants its owner's signature in another form
    overrides ``sign_as_owner``.
    """

    contract: str  # its address
    owner: EvmWallet = field(default_factory=EvmWallet)
    chain_id: int = 1
    factory: str | None = None
    factory_data: bytes = b""
    network: ClassVar[str] = EVM

    @property
    def address(self) -> str:
        return self.contract

    @property
    def uid(self) -> str:
        return contract_uid(self.chain_id, self.address)

    @property
    def described(self) -> dict[str, str]:
        return {**super().described, "chain_id": str(self.chain_id)}

    def sign_as_owner(self, message: str) -> bytes:
        """Return what the contract itself is shown."""
        return self.owner.sign_bytes(message)

    def sign_bytes(self, message: str) -> bytes:
        signature = self.sign_as_owner(message)
        if self.factory is None:
            return signature
        return wrap_signature(signature, self.factory, self.factory_data)

    def sign(self, message: str) -> str:
        return "0x" + self.sign_bytes(message).hex()


def wrap_signature(signature: bytes, factory: str, factory_data: bytes) -> bytes:
    """Return a signature together with the call that deploys its wallet (ERC-6492)."""
    deployer = bytes.fromhex(factory.removeprefix("0x"))
    return Wrapper(deployer, factory_data, signature).wrap()
