"""Frozen values that pass between the rooms: wallets, challenges and what was verified."""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from .exceptions import InvalidAddress
from .signatures import keccak256

EVM = "evm"
#: The networks that can be offered, in the order in which pages name them.
NETWORKS = (EVM,)

EVM_ADDRESS = re.compile(r"0[xX]([0-9a-fA-F]{40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet's account: its network and its address in the one spelling that is stored."""

    network: str
    address: str

    @classmethod
    def parse(cls, network: str, address: str) -> Self:
        """Read an address as a wallet writes it. Raises ``InvalidAddress``.

        Wallets hand out lower case as well as EIP-55. Mixed case carries a checksum, and one
        that does not match is a typing error, not another spelling (EIP-55).
        """
        match = EVM_ADDRESS.fullmatch(address)
        if match is None:
            raise InvalidAddress("not 20 bytes of hex")
        digits = match[1]
        canonical = eip55(digits.lower())
        if digits not in (digits.lower(), digits.upper(), canonical[2:]):
            raise InvalidAddress("wrong EIP-55 checksum")
        return cls(network, canonical)

    @property
    def short(self) -> str:
        """For people and for the log: enough to tell one's own wallets apart."""
        return f"{self.address[:6]}…{self.address[-4:]}"


def eip55(digits: str) -> str:
    """Spell 40 lower-case hex digits with the checksum of EIP-55 in their letter case."""
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit
        for digit, nibble in zip(digits, digest, strict=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a text is asked to say: all of it but the nonce and the time of issue.

    Times are ISO 8601 and are used to the letter; ``resources`` are RFC 3986 URIs (EIP-4361).
    """

    wallet: Wallet
    domain: str
    uri: str
    chain_id: int
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A text that was issued for one wallet to sign, and all that its answer is held against.

    ``id`` and ``profile_id`` are the issuer's own names for the challenge and for the wallet's
    owner; ``issued_by`` is the backend that must judge the answer.
    """

    asked: SignIn
    nonce: str
    issued_at: str
    message: str
    id: str
    profile_id: str | None
    issued_by: str

    @property
    def wallet(self) -> Wallet:
        return self.asked.wallet

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        asked = data["asked"]
        return cls(
            **{
                **data,
                "asked": SignIn(
                    **{
                        **asked,
                        "wallet": Wallet(**asked["wallet"]),
                        "resources": tuple(asked["resources"]),
                    }
                ),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the wallet gave back. The text itself never comes from the browser."""

    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedWallet:
    """The evidence that a backend returns; a wrong answer is an exception, never a value."""

    challenge: Challenge
    proof: Proof
    verified_by: str
    verified_at: datetime
    profile_id: str | None

    @property
    def wallet(self) -> Wallet:
        return self.challenge.wallet

    @property
    def extra_data(self) -> dict[str, Any]:
        """What is stored as ``SocialAccount.extra_data``.

        ``verified`` has the fields of the Moralis Auth API's ``POST /challenge/verify/evm``, in
        its names and its order; those that do not apply are left out.
        """
        asked = self.challenge.asked
        verified = {
            "id": self.challenge.id,
            "domain": asked.domain,
            "chainId": asked.chain_id,
            "address": asked.wallet.address,
            "statement": asked.statement,
            "uri": asked.uri,
            "expirationTime": asked.expiration_time,
            "notBefore": asked.not_before,
            "resources": list(asked.resources) or None,
            "version": "1",
            "nonce": self.challenge.nonce,
            "profileId": self.profile_id,
        }
        return {
            "network": asked.wallet.network,
            "chain_id": asked.chain_id,
            "verified": {key: value for key, value in verified.items() if value is not None},
            "verified_by": self.verified_by,
            "verified_at": self.verified_at.isoformat(),
            "message": self.challenge.message,
            "signature": self.proof.signature,
        }
