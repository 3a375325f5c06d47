"""Frozen values that pass between the packages: wallets, challenges, proofs and evidence."""

import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha3_256
from typing import Any, Self

from ..exceptions import AddressOfAnotherKey, InvalidAddress, InvalidRequest
from .encodings import base58_decode
from .signatures import keccak256

EVM, SOLANA, APTOS = "evm", "solana", "aptos"
KEY_LENGTH = 32  # bytes
#: The cluster of Solana and of Aptos that challenges are for, as the Auth API names it.
MAINNET = "mainnet"
#: ``VerifiedWallet.verified_by`` of a wallet whose contract said yes, whichever backend asked it.
CONTRACT = "contract"
#: The networks that a site can offer, in the order in which pages name them.
NETWORKS = (EVM, SOLANA, APTOS)

EVM_ADDRESS = re.compile(r"0[xX]([0-9a-fA-F]{40})", re.ASCII)
#: The chains that use the checksum of EIP-1191: RSK and its test network.
EIP1191_CHAINS = (30, 31)
SOLANA_ADDRESS = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}", re.ASCII)
#: How the account id of a contract wallet (CAIP-10) begins, and all of it.
CONTRACT_UID_PREFIX = "eip155:"
CONTRACT_UID = re.compile(CONTRACT_UID_PREFIX + r"([1-9][0-9]{0,15}):(0x[0-9a-fA-F]{40})", re.ASCII)
APTOS_ADDRESS = re.compile(r"0[xX]([0-9a-fA-F]{1,64})", re.ASCII)
#: Aptos' SDK writes the kind of the key and its length before the 32 bytes.
ED25519_KEY = re.compile(r"(?:0[xX])?(?:0020)?([0-9a-fA-F]{64})", re.ASCII)
#: Keys of other kinds: other curves, several keys, an account at a provider in place of a key.
OTHER_KEY = re.compile(r"(?:0[xX])?(?:[0-9a-fA-F]{2}){33,2048}", re.ASCII)
#: What is hashed before and after an Ed25519 key to derive its Aptos address: by the legacy scheme,
#: or as a "single key" (scheme 2, with the key's variant and length before it).
APTOS_SCHEMES = ((b"", b"\x00"), (b"\x00\x20", b"\x02"))


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet's account: its network, and its address in the one spelling that is stored.

    ``public_key`` is for Aptos only, where the address does not contain it: ``0x`` and 64
    lower-case hex digits. ``chain_id`` is for contract wallets only: a key is the same on every
    chain, but what stands at the same address of another chain may be somebody else's contract.
    """

    network: str
    address: str
    public_key: str | None = None
    chain_id: int | None = None

    @classmethod
    def parse(
        cls,
        network: str,
        address: str,
        public_key: str | None = None,
        chain_id: int | None = None,
    ) -> Self:
        """Return the wallet of an address in any spelling that wallets use.

        ``chain_id`` is for EVM only, where some chains have a checksum of their own. Raise
        ``InvalidAddress`` for an address that is not one of the network, and ``InvalidRequest`` for
        a malformed public key.
        """
        if network == SOLANA:
            return cls(network, _solana_address(address))
        if network == APTOS:
            key = _ed25519_key(public_key or "")
            return cls(network, _aptos_address(address, key), "0x" + key.hex())
        return cls(network, _evm_address(address, chain_id))

    @classmethod
    def from_uid(cls, uid: str) -> Self:
        """Return the wallet of a stored ``uid``, without its public key."""
        if found := CONTRACT_UID.fullmatch(uid):
            return cls(EVM, found[2], chain_id=int(found[1]))
        if not uid.startswith("0x"):
            return cls(SOLANA, uid)
        return cls(EVM if len(uid) == len("0x") + 40 else APTOS, uid)

    @property
    def uid(self) -> str:
        """The address or, of a contract wallet, ``eip155:<chain>:<address>`` (CAIP-10)."""
        return self.address if self.chain_id is None else contract_uid(self.chain_id, self.address)

    @property
    def short(self) -> str:
        """The shortened address, for pages and the log: enough to tell one's own wallets apart."""
        return f"{self.address[:6]}…{self.address[-4:]}"


def contract_uid(chain_id: int, address: str) -> str:
    """Return the account id (CAIP-10) of the contract wallet at an address with its checksum."""
    return f"{CONTRACT_UID_PREFIX}{chain_id}:{address}"


def _evm_address(address: str, chain_id: int | None) -> str:
    """Wallets hand out lower case as well as EIP-55. Mixed case carries a checksum, and one that
    does not match is a typing error, not another spelling (EIP-55), unless it is the chain's own.
    """
    match = EVM_ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidAddress("not 20 bytes of hex")
    digits = match[1]
    canonical = eip55(digits.lower())
    if digits in (digits.lower(), digits.upper(), canonical[2:]):
        return canonical
    if chain_id in EIP1191_CHAINS and digits == eip1191(digits.lower(), chain_id)[2:]:
        return canonical
    raise InvalidAddress("wrong checksum")


def _solana_address(address: str) -> str:
    """Check a Solana address: an Ed25519 public key in base58, which has only one spelling."""
    if not SOLANA_ADDRESS.fullmatch(address) or len(base58_decode(address)) != KEY_LENGTH:
        raise InvalidAddress("not 32 bytes of base58")
    return address


def _aptos_address(address: str, key: bytes) -> str:
    """Return an Aptos address with 64 lower-case digits, of an account with its original key.

    Only a node can tell whether a rotated key belongs to an address: the chain says so.
    """
    match = APTOS_ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidAddress("not 32 bytes of hex")
    digits = match[1].lower().zfill(64)
    if digits not in {
        sha3_256(before + key + after).hexdigest() for before, after in APTOS_SCHEMES
    }:
        raise AddressOfAnotherKey("the address is not made of this key")
    return "0x" + digits


def _ed25519_key(value: str) -> bytes:
    match = ED25519_KEY.fullmatch(value)
    if match is None and OTHER_KEY.fullmatch(value):
        raise AddressOfAnotherKey("the public key is of another kind")
    if match is None:
        raise InvalidRequest("the public key is not 32 bytes of hex")
    return bytes.fromhex(match[1])


def eip55(digits: str) -> str:
    """Return the address of 40 lower-case hex digits, with the checksum of EIP-55 in its case."""
    return _checksummed(digits, digits)


def eip1191(digits: str, chain_id: int) -> str:
    """Return the address of 40 lower-case hex digits, with the checksum of EIP-1191 in its case."""
    return _checksummed(digits, f"{chain_id}0x{digits}")


def _checksummed(digits: str, hashed: str) -> str:
    digest = keccak256(hashed.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit
        for digit, nibble in zip(digits, digest, strict=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFields:
    """The fields of a text (EIP-4361), except for the nonce and the time of issue.

    Times are strings in ISO 8601 and are used to the letter. ``resources`` are RFC 3986 URIs.
    """

    wallet: Wallet
    domain: str
    uri: str
    chain_id: int | None = None  # EVM only
    cluster: str = MAINNET  # Solana and Aptos: which of their networks
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A text that was issued for one wallet to sign, with all that its proof is checked against.

    ``id`` and ``profile_id`` are the backend's own ids of the challenge and of the wallet's owner.
    ``issued_by`` is the name of the backend that issued it and must verify the proof.
    """

    fields: MessageFields
    nonce: str
    issued_at: str
    message: str
    id: str
    profile_id: str | None
    issued_by: str

    @property
    def wallet(self) -> Wallet:
        return self.fields.wallet

    def signed_text(self, proof: "Proof") -> str:
        """Return the text that was signed: the issued one or, for Aptos, the wrapper around it."""
        if self.wallet.network == APTOS and proof.full_message:
            return proof.full_message
        return self.message

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        fields = data["fields"]
        return cls(
            **{
                **data,
                "fields": MessageFields(
                    **{
                        **fields,
                        "wallet": Wallet(**fields["wallet"]),
                        "resources": tuple(fields["resources"]),
                    }
                ),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the wallet returned. The text itself never comes from the browser."""

    signature: str = field(repr=False)
    #: Aptos only: the text that was signed, which is the wallet's wrapper around ours.
    full_message: str | None = field(default=None, repr=False)
    #: Solana only: what a hardware wallet put before the text that it signed, in hex. It is never
    #: the browser's.
    envelope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedWallet:
    """The evidence that a backend returns. A wrong proof is an exception, never a value."""

    challenge: Challenge
    proof: Proof
    verified_by: str
    verified_at: datetime
    profile_id: str | None

    @property
    def wallet(self) -> Wallet:
        """The wallet that was verified: with its chain if its contract said so, and not a key."""
        wallet = self.challenge.wallet
        if self.verified_by != CONTRACT:
            return wallet
        return replace(wallet, chain_id=self.challenge.fields.chain_id)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "verified_at": self.verified_at.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            **{
                **data,
                "challenge": Challenge.from_json(data["challenge"]),
                "proof": Proof(**data["proof"]),
                "verified_at": datetime.fromisoformat(data["verified_at"]),
            }
        )
