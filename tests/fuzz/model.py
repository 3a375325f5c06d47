"""What a site with wallets should say, in a few dictionaries."""

from dataclasses import dataclass, field
from typing import Any

from coincurve import PublicKey

from allauth_moralis.ethereum import abi
from allauth_moralis.ethereum.contracts import IS_VALID_SIGNATURE, YES
from allauth_moralis.testing import ContractWallet, SigningWallet

MAX_PENDING = 10  # of one session; the oldest gives way


@dataclass(eq=False)
class Session:
    """One session of a browser: whose it is, and what may be answered in it."""

    user: int | None = None
    challenges: list["Issued"] = field(default_factory=list)
    devices: list["Device"] = field(default_factory=list)

    def put(self, each: "Issued | Device") -> None:
        kept: list = self.challenges if isinstance(each, Issued) else self.devices
        kept.append(each)
        del kept[:-MAX_PENDING]


@dataclass(eq=False)
class Issued:
    """A challenge, by whichever session it was asked for."""

    browser: int
    wallet: SigningWallet
    process: str
    handle: str
    message: str
    device: "Device | None" = None


@dataclass(eq=False)
class Device:
    """A computer's request for a wallet of another device."""

    browser: int
    user: int | None
    process: str
    told: dict[str, Any]
    wrong_numbers: int = 0
    approved: SigningWallet | None = None
    is_completed: bool = False

    @property
    def is_over(self) -> bool:
        return self.wrong_numbers >= 3 or self.is_completed

    @property
    def id(self) -> str:
        return self.told["verification_uri"].rstrip("/").rpartition("/")[2]


@dataclass
class Contract:
    """A chain with one contract on it, which accepts the signatures of its owner."""

    wallet: ContractWallet
    chain_id: int = 1

    def code(self, address: str) -> bytes:
        return b"\x60\x80" if address.lower() == self.wallet.address.lower() else b""

    def call(self, _to: str | None, data: bytes, **_: object) -> bytes:
        assert data.startswith(IS_VALID_SIGNATURE)
        digest, signature = abi.decode("bytes32 bytes", data[4:])
        recoverable = signature[:64] + bytes([signature[64] - 27])
        signer = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
        return YES if signer == self.wallet.owner.key.public_key else bytes(32)
