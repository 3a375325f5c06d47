"""Wallets with real keys, for tests: what a wallet extension does with a text."""

from dataclasses import dataclass, field
from hashlib import sha3_256
from typing import ClassVar

from coincurve import PrivateKey
from nacl.signing import SigningKey

from allauth_moralis.siwx.encodings import base58_encode
from allauth_moralis.siwx.signatures import keccak256
from allauth_moralis.siwx.wallets import eip55


@dataclass(frozen=True)
class EvmAccount:
    """An externally owned account. ``sign`` is ``personal_sign`` (EIP-191)."""

    key: PrivateKey = field(default_factory=PrivateKey, repr=False)
    network: ClassVar[str] = "evm"

    @classmethod
    def from_hex(cls, key: str) -> "EvmAccount":
        return cls(PrivateKey.from_hex(key))

    @property
    def address(self) -> str:
        public = self.key.public_key.format(compressed=False)[1:]
        return eip55(keccak256(public)[12:].hex())

    @property
    def described(self) -> dict[str, str]:
        """What a page tells of it when it asks for a challenge."""
        return {"network": self.network, "address": self.address}

    def sign(self, message: str) -> str:
        text = message.encode()
        digest = keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
        signature = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + signature[:64].hex() + f"{27 + signature[64]:02x}"

    def prove(self, message: str) -> dict[str, str]:
        """The fields of an answer."""
        return {"signature": self.sign(message)}


@dataclass(frozen=True)
class SolanaAccount:
    """``sign`` is ``solana:signMessage``: the text's bytes, and the signature in base58."""

    key: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    network: ClassVar[str] = "solana"

    @property
    def address(self) -> str:
        return base58_encode(bytes(self.key.verify_key))

    @property
    def described(self) -> dict[str, str]:
        return {"network": self.network, "address": self.address}

    def sign(self, message: str) -> str:
        return base58_encode(self.key.sign(message.encode()).signature)

    def prove(self, message: str) -> dict[str, str]:
        return {"signature": self.sign(message)}


@dataclass(frozen=True)
class AptosAccount:
    """``prove`` is ``aptos:signMessage``: the wallet signs its own wrapper around the text."""

    key: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    single_key: bool = False
    network: ClassVar[str] = "aptos"

    @property
    def public_key(self) -> str:
        return "0x" + bytes(self.key.verify_key).hex()

    @property
    def address(self) -> str:
        key = bytes(self.key.verify_key)
        scheme = b"\x00\x20" + key + b"\x02" if self.single_key else key + b"\x00"
        return "0x" + sha3_256(scheme).hexdigest()

    @property
    def described(self) -> dict[str, str]:
        return {"network": self.network, "address": self.address, "public_key": self.public_key}

    def sign(self, message: str) -> str:
        return "0x" + self.key.sign(message.encode()).signature.hex()

    def wrap(self, message: str, lines: str = "", nonce: str = "null") -> str:
        return f"APTOS\n{lines}message: {message}\nnonce: {nonce}"

    def prove(self, message: str, **wrapping: str) -> dict[str, str]:
        full_message = self.wrap(message, **wrapping)
        return {"signature": self.sign(full_message), "full_message": full_message}


Account = EvmAccount | SolanaAccount | AptosAccount
