"""Wallets with real keys that sign as wallet extensions do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from hashlib import sha3_256
from typing import ClassVar, Self

from coincurve import PrivateKey
from nacl.signing import SigningKey

from ..siwx.encodings import base58_encode
from ..siwx.signatures import eip191_hash, keccak256
from ..siwx.wallets import APTOS, EVM, SOLANA, eip55


class SigningWallet(ABC):
    """A wallet that a test can sign in with."""

    network: ClassVar[str]

    @property
    @abstractmethod
    def address(self) -> str:
        """The address, in the spelling that the site stores."""

    @property
    def uid(self) -> str:
        """The ``uid`` of its ``SocialAccount``."""
        return self.address

    @abstractmethod
    def sign_bytes(self, message: str) -> bytes:
        """Sign a text, and return the signature as bytes."""

    @abstractmethod
    def sign(self, message: str) -> str:
        """Sign a text, and return the signature as wallets of this network write it."""

    @property
    def described(self) -> dict[str, str]:
        """The fields that describe the wallet in a challenge request."""
        return {"network": self.network, "address": self.address}

    def prove(self, message: str) -> dict[str, str]:
        """Sign a challenge's text, and return the fields of the proof."""
        return {"signature": self.sign(message)}


@dataclass(frozen=True)
class EvmWallet(SigningWallet):
    """An externally owned account. It signs as ``personal_sign`` does (EIP-191)."""

    key: PrivateKey = field(default_factory=PrivateKey, repr=False)
    network: ClassVar[str] = EVM

    @classmethod
    def from_hex(cls, key: str) -> Self:
        """Return the wallet of a private key, given in hex with or without ``0x``."""
        return cls(PrivateKey.from_hex(key.removeprefix("0x")))

    @property
    def address(self) -> str:
        public = self.key.public_key.format(compressed=False)[1:]
        return eip55(keccak256(public)[12:].hex())

    def sign_bytes(self, message: str) -> bytes:
        return self.sign_digest(eip191_hash(message))

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes as they are."""
        signature = self.key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def sign(self, message: str) -> str:
        return "0x" + self.sign_bytes(message).hex()


@dataclass(frozen=True)
class SolanaWallet(SigningWallet):
    """A Solana key pair. It signs as ``solana:signMessage`` does, and writes base58."""

    key: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    network: ClassVar[str] = SOLANA

    @property
    def address(self) -> str:
        return base58_encode(bytes(self.key.verify_key))

    def sign_bytes(self, message: str) -> bytes:
        return self.key.sign(message.encode()).signature

    def sign(self, message: str) -> str:
        return base58_encode(self.sign_bytes(message))


@dataclass(frozen=True)
class AptosWallet(SigningWallet):
    """An Aptos account with an Ed25519 key.

    ``prove`` signs as ``aptos:signMessage`` does: a wrapper of the wallet's own around the text
    (AIP-62). ``single_key`` derives the address by the newer scheme (AIP-55).
    """

    key: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    single_key: bool = False
    network: ClassVar[str] = APTOS

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
        return {**super().described, "public_key": self.public_key}

    def sign_bytes(self, message: str) -> bytes:
        return self.key.sign(message.encode()).signature

    def sign(self, message: str) -> str:
        return "0x" + self.sign_bytes(message).hex()

    def wrap(self, message: str, lines: str = "", nonce: str = "null") -> str:
        """Return the wrapper that the wallet signs (AIP-62), with ``lines`` before the text."""
        return f"APTOS\n{lines}message: {message}\nnonce: {nonce}"

    def prove(self, message: str, **wrapping: str) -> dict[str, str]:
        full_message = self.wrap(message, **wrapping)
        return {"signature": self.sign(full_message), "full_message": full_message}
