"""Our check of an EVM signature, and the least that a check can cost."""

from collections.abc import Callable

from coincurve import PublicKey

from allauth_moralis.siwx import signatures
from allauth_moralis.testing import EvmWallet

MESSAGE = "x" * 330  # as long as the text of a sign-in


def checks(*, raw: bool) -> Callable[[], object]:
    wallet = EvmWallet()
    address, signature = wallet.address, wallet.sign(MESSAGE)
    if not raw:
        return lambda: signatures.check_evm(MESSAGE, signature, address)
    compact = bytes.fromhex(signature[2:-2]) + bytes([int(signature[-2:], 16) - 27])
    assert recovered(MESSAGE, compact).hex() == address[2:].lower()
    return lambda: recovered(MESSAGE, compact)


def recovered(message: str, signature: bytes) -> bytes:
    """A hash, a recovery, a hash."""
    text = message.encode()
    digest = signatures.keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
    signer = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return signatures.keccak256(signer.format(compressed=False)[1:])[12:]
