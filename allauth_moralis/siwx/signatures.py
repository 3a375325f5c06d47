"""Is this text signed by this wallet? The only file that speaks to the cryptography."""

import re

from coincurve import PublicKey
from Crypto.Hash import keccak
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from ..exceptions import ContractWalletUnsupported, SignatureInvalid

HEX_BYTES = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})+)|0[xX]", re.ASCII)
# r and s of 32 bytes each, and one byte, v, that tells which of the candidate keys it was. EIP-2098
# has that in the highest bit of s, which is free since s is always the smaller one of two.
EVM_LENGTH, COMPACT_LENGTH = 65, 64  # bytes
PARITY_BIT = 0x80
# EIP-191 wallets give 27 or 28; some hardware wallets the bare 0 or 1, and some add the chain as
# EIP-155 does for transactions: 35 + 2 * chain id. Not 255, which fills bytes that nobody wrote.
RECOVERY_IDS = {0: 0, 1: 1, 27: 0, 28: 1, **{v: (v - 35) % 2 for v in range(35, 255)}}
#: What ends a signature of ERC-8010: it is judged by the contract that the account is to become.
ERC8010_SUFFIX = bytes.fromhex("8010" * 16)
ED25519_SIGNATURE_LENGTH = 64  # bytes


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash: Keccak with its first padding, which is not ``hashlib.sha3_256``."""
    return keccak.new(digest_bits=256, data=data).digest()


def check_evm(message: str, signature: str, address: str) -> str:
    """Raise ``SignatureInvalid`` unless ``address`` signed ``message``.

    ``signature`` is hex with or without ``0x``, 65 bytes or EIP-2098's 64; it is returned as
    ``0x`` and 65 bytes, the last of which is 27 or 28. Hex of another length is a contract's:
    ``ContractWalletUnsupported``. ``address`` is ``0x`` and 40 hex digits of any letter case. The
    text is hashed as ``personal_sign`` does (EIP-191, version ``0x45``).
    """
    compact, recovery_id = _evm_signature(signature)
    text = message.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
    try:
        signer = PublicKey.from_signature_and_message(
            compact + bytes([recovery_id]), digest, hasher=None
        )
    except ValueError:  # r or s is zero, or not below the curve's order
        raise SignatureInvalid("not on the curve") from None
    if keccak256(signer.format(compressed=False)[1:])[12:] != bytes.fromhex(address[2:]):
        raise SignatureInvalid("another signer")
    return f"0x{compact.hex()}{27 + recovery_id:02x}"


def _evm_signature(signature: str) -> tuple[bytes, int]:
    """r and s, and which of the candidate keys it was."""
    match = HEX_BYTES.fullmatch(signature)
    if match is None:
        raise SignatureInvalid("not hex")
    raw = bytes.fromhex(match[1] or "")  # "0x" alone: of a Safe that signed on its chain
    if raw.endswith(ERC8010_SUFFIX):
        raise ContractWalletUnsupported("ERC-8010")
    if len(raw) == COMPACT_LENGTH:
        return raw[:32] + bytes([raw[32] & ~PARITY_BIT]) + raw[33:], raw[32] // PARITY_BIT
    if len(raw) != EVM_LENGTH:
        raise ContractWalletUnsupported("not the length of a key's signature")
    if raw[64] not in RECOVERY_IDS:
        raise SignatureInvalid("recovery id")
    return raw[:64], RECOVERY_IDS[raw[64]]


def check_ed25519(message: bytes, signature: bytes, public_key: bytes) -> None:
    """Raise ``SignatureInvalid`` unless the holder of ``public_key`` signed ``message``.

    libsodium is strict where RFC 8032 lets one choose: it refuses keys of small order, for which
    anybody can make a signature, and an S that is not below the group's order.
    """
    if len(signature) != ED25519_SIGNATURE_LENGTH:
        raise SignatureInvalid("not 64 bytes")
    try:
        VerifyKey(public_key).verify(message, signature)
    except CryptoError:
        raise SignatureInvalid("another signer") from None
