"""Check the signature of a text. This is the only file that does."""

import re

from coincurve import PublicKey

from ..exceptions import (
    AnotherKeyOfAccount,
    SignatureInvalid,
    SignatureOfAnotherKey,
    SignatureOfContract,
    SignedOnChain,
)

HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]*)", re.ASCII)
# r and s, of 32 bytes each, and one byte, v, that tells which of the candidate keys signed.
# EIP-2098 puts that into the highest bit of s, which is free: s is always the smaller of two.
EVM_LENGTH, COMPACT_LENGTH = 65, 64  # bytes
PARITY_BIT = 0x80
# EIP-191 wallets give 27 or 28, some hardware wallets a bare 0 or 1, and some add the chain as
# EIP-155 does for transactions: 35 + 2 * chain id. 255 is left out: it is what unset bytes hold.
RECOVERY_IDS = {0: 0, 1: 1, 27: 0, 28: 1, **{v: (v - 35) % 2 for v in range(35, 255)}}
#: The end of an ERC-8010 signature, which the contract verifies that the account will become.
ERC8010_SUFFIX = bytes.fromhex("8010" * 16)
ED25519_SIGNATURE_LENGTH = 64  # bytes


def keccak256(data: bytes) -> bytes:
    """Return Ethereum's hash: Keccak with its original padding, unlike ``hashlib.sha3_256``."""
    # With the first use: it comes with a parser of C, which takes long to load.
    from Crypto.Hash import keccak  # noqa: PLC0415 - as above

    return keccak.new(digest_bits=256, data=data).digest()


def eip191_hash(text: str) -> bytes:
    """Return the hash that ``personal_sign`` signs (EIP-191, version ``0x45``)."""
    encoded = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(encoded), encoded))


def evm_bytes(signature: str) -> bytes:
    """Return the bytes of an EVM wallet's signature: hex with or without ``0x``.

    Raise ``SignatureInvalid`` if it is not hex, and ``ContractWalletUnsupported`` for a kind that
    is accepted nowhere.
    """
    match = HEX.fullmatch(signature)
    if not signature or match is None or len(match[1]) % 2:
        raise SignatureInvalid("not hex")
    raw = bytes.fromhex(match[1])
    if not raw:  # a bare "0x" comes from a Safe that signed on its chain
        raise SignedOnChain("no signature")
    if raw.endswith(ERC8010_SUFFIX):
        raise AnotherKeyOfAccount("ERC-8010")
    return raw


def check_evm(message: str, signature: str, address: str) -> str:
    """Raise ``SignatureOfAnotherKey`` unless the key of ``address`` signed ``message``.

    ``signature`` is hex with or without ``0x``, of 65 bytes or of EIP-2098's 64. Return it as
    ``0x`` and 65 bytes, the last of which is 27 or 28. Raise ``SignatureOfContract`` for hex of any
    other length. ``address`` is ``0x`` and 40 hex digits in any letter case.
    """
    compact, recovery_id = _key_signature(evm_bytes(signature))
    try:
        signer = PublicKey.from_signature_and_message(
            compact + bytes([recovery_id]), eip191_hash(message), hasher=None
        )
    except ValueError:  # r or s is zero, or not below the curve's order
        raise SignatureOfAnotherKey("not on the curve") from None
    if keccak256(signer.format(compressed=False)[1:])[12:] != bytes.fromhex(address[2:]):
        raise SignatureOfAnotherKey("another signer")
    return f"0x{compact.hex()}{27 + recovery_id:02x}"


def _key_signature(raw: bytes) -> tuple[bytes, int]:
    """Return r and s, and which of the candidate keys signed."""
    if len(raw) == COMPACT_LENGTH:
        return raw[:32] + bytes([raw[32] & ~PARITY_BIT]) + raw[33:], raw[32] // PARITY_BIT
    if len(raw) != EVM_LENGTH:
        raise SignatureOfContract("not the length of a key's signature")
    if raw[64] not in RECOVERY_IDS:
        raise SignatureOfAnotherKey("recovery id")
    return raw[:64], RECOVERY_IDS[raw[64]]


def check_ed25519(message: bytes, signature: bytes, public_key: bytes) -> None:
    """Raise ``SignatureInvalid`` unless the holder of ``public_key`` signed ``message``.

    libsodium is strict where RFC 8032 leaves a choice: it refuses keys of small order, for which
    anyone can make a signature, and an S that is not below the order of the group.
    """
    # Many a site offers EVM wallets alone.
    from nacl.exceptions import CryptoError  # noqa: PLC0415 - as above
    from nacl.signing import VerifyKey  # noqa: PLC0415 - as above

    if len(signature) != ED25519_SIGNATURE_LENGTH:
        raise SignatureInvalid("not 64 bytes")
    try:
        VerifyKey(public_key).verify(message, signature)
    except CryptoError:
        raise SignatureInvalid("another signer") from None
