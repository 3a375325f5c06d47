"""Wallets with real keys, for tests: what a wallet extension does with a text."""

from dataclasses import dataclass, field

from coincurve import PrivateKey

from allauth_moralis.signatures import keccak256
from allauth_moralis.wallets import eip55


@dataclass(frozen=True)
class EvmAccount:
    """An externally owned account. ``sign`` is ``personal_sign`` (EIP-191)."""

    key: PrivateKey = field(default_factory=PrivateKey, repr=False)

    @classmethod
    def from_hex(cls, key: str) -> "EvmAccount":
        return cls(PrivateKey.from_hex(key))

    @property
    def address(self) -> str:
        public = self.key.public_key.format(compressed=False)[1:]
        return eip55(keccak256(public)[12:].hex())

    def sign(self, message: str) -> str:
        text = message.encode()
        digest = keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
        signature = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + signature[:64].hex() + f"{27 + signature[64]:02x}"
