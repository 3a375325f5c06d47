"""Check a proof against its challenge. Every backend shares this check."""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

from ..exceptions import SignatureInvalid
from . import offchain, signatures
from .encodings import base58_decode, base58_encode
from .text import AptosWrapper
from .wallets import APTOS, SOLANA, Challenge, Proof

BASE58_SIGNATURE = re.compile(r"[1-9A-HJ-NP-Za-km-z]{64,88}", re.ASCII)
#: 64 bytes; the last digit before the padding carries only two bits.
BASE64_SIGNATURE = re.compile(r"([A-Za-z0-9+/]{85}[AQgw])(?:==)?", re.ASCII)
HEX_SIGNATURE = re.compile(r"(?:0[xX])?([0-9a-fA-F]{128})", re.ASCII)
#: Aptos' SDK writes the kind of signature (Ed25519) and its length before the 64 bytes.
APTOS_SIGNATURE = re.compile(r"(?:0[xX])?(?:0040)?([0-9a-fA-F]{128})", re.ASCII)


def check(challenge: Challenge, proof: Proof) -> Proof:
    """Return the proof with its signature in the one spelling that is stored and sent on.

    Raise ``SignatureInvalid`` unless the challenge's wallet signed the challenge's text, and
    ``ContractWalletUnsupported`` if the signature cannot have been made by a key.
    """
    wallet = challenge.wallet
    if wallet.network == SOLANA:
        return _check_solana(challenge, proof)
    if wallet.network == APTOS:
        return _check_aptos(challenge, proof)
    signature = signatures.check_evm(challenge.message, proof.signature, wallet.address)
    return Proof(signature=signature)


def _check_solana(challenge: Challenge, proof: Proof) -> Proof:
    """Accept the bare text, and the text in one of the envelopes that hardware wallets add."""
    key, text = base58_decode(challenge.wallet.address), challenge.message.encode()
    for signature in _solana_signatures(proof.signature):
        for envelope in (b"", *offchain.envelopes(text, key)):
            try:
                signatures.check_ed25519(envelope + text, signature, key)
            except SignatureInvalid:
                continue
            return Proof(signature=base58_encode(signature), envelope=envelope.hex())
    raise SignatureInvalid("another signer, or no signature")


def _solana_signatures(signature: str) -> Iterator[bytes]:
    """Yield the signatures that a string may stand for: it can be both base58 and base64."""
    if match := HEX_SIGNATURE.fullmatch(signature):
        yield bytes.fromhex(match[1])
    if BASE58_SIGNATURE.fullmatch(signature):
        yield base58_decode(signature)
    if match := BASE64_SIGNATURE.fullmatch(signature):
        yield b64decode(match[1] + "==")


def _check_aptos(challenge: Challenge, proof: Proof) -> Proof:
    """Accept the wrapped text, and the bare text, which says the same and some wallets sign."""
    if proof.full_message is not None:
        wrapper = AptosWrapper.parse(proof.full_message)
        if (
            wrapper is None
            or wrapper.text != challenge.message
            or not wrapper.fits(challenge.fields)
        ):
            raise SignatureInvalid("the wallet signed another text")
    match = APTOS_SIGNATURE.fullmatch(proof.signature)
    if match is None:
        raise SignatureInvalid("not 64 bytes of hex")
    key = challenge.wallet.public_key or ""
    signatures.check_ed25519(
        challenge.signed_text(proof).encode(), bytes.fromhex(match[1]), bytes.fromhex(key[2:])
    )
    return replace(proof, signature="0x" + match[1].lower())
