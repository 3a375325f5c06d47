"""Is this text signed by this wallet? The only file that speaks to the cryptography."""

import re

from coincurve import PublicKey
from Crypto.Hash import keccak
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from ..exceptions import SignatureInvalid

# r and s of 32 bytes each, and one byte that tells which of the candidate keys it was.
EVM_SIGNATURE = re.compile(r"(?:0[xX])?([0-9a-fA-F]{130})", re.ASCII)
ED25519_SIGNATURE_LENGTH = 64  # bytes
# EIP-191 wallets give 27 or 28; some hardware wallets the bare 0 or 1.
RECOVERY_IDS = {0: 0, 1: 1, 27: 0, 28: 1}


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash: Keccak with its first padding, which is not ``hashlib.sha3_256``."""
    return keccak.new(digest_bits=256, data=data).digest()


def check_evm(message: str, signature: str, address: str) -> None:
    """Raise ``SignatureInvalid`` unless ``address`` signed ``message``.

    ``signature`` is hex, 65 bytes, with or without ``0x``; ``address`` is ``0x`` and 40 hex
    digits of any letter case. The text is hashed as ``personal_sign`` does (EIP-191, version
    ``0x45``).
    """
    match = EVM_SIGNATURE.fullmatch(signature)
    if match is None:
        raise SignatureInvalid("not 65 bytes of hex")
    raw = bytes.fromhex(match[1])
    if raw[64] not in RECOVERY_IDS:
        raise SignatureInvalid("recovery id")
    text = message.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
    try:
        signer = PublicKey.from_signature_and_message(
            raw[:64] + bytes([RECOVERY_IDS[raw[64]]]), digest, hasher=None
        )
    except ValueError:  # r or s is zero, or not below the curve's order
        raise SignatureInvalid("not on the curve") from None
    if keccak256(signer.format(compressed=False)[1:])[12:] != bytes.fromhex(address[2:]):
        raise SignatureInvalid("another signer")


def check_ed25519(message: str, signature: bytes, public_key: bytes) -> None:
    """Raise ``SignatureInvalid`` unless the holder of ``public_key`` signed ``message``.

    libsodium is strict where RFC 8032 lets one choose: it refuses keys of small order, for which
    anybody can make a signature, and an S that is not below the group's order.
    """
    if len(signature) != ED25519_SIGNATURE_LENGTH:
        raise SignatureInvalid("not 64 bytes")
    try:
        VerifyKey(public_key).verify(message.encode(), signature)
    except CryptoError:
        raise SignatureInvalid("another signer") from None
