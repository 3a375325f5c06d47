"""Does this proof answer this challenge? The one judgement that every backend shares."""

import re

from ..exceptions import SignatureInvalid
from . import signatures
from .encodings import base58_decode
from .text import AptosWrapper
from .wallets import APTOS, SOLANA, Challenge, Proof

BASE58_SIGNATURE = re.compile(r"[1-9A-HJ-NP-Za-km-z]{64,88}", re.ASCII)
HEX_SIGNATURE = re.compile(r"(?:0[xX])?([0-9a-fA-F]{128})", re.ASCII)


def check(challenge: Challenge, proof: Proof) -> None:
    """Raise ``SignatureInvalid`` unless the challenge's wallet signed the challenge's text."""
    wallet = challenge.wallet
    if wallet.network == SOLANA:
        if not BASE58_SIGNATURE.fullmatch(proof.signature):
            raise SignatureInvalid("not base58")
        signatures.check_ed25519(
            challenge.message, base58_decode(proof.signature), base58_decode(wallet.address)
        )
    elif wallet.network == APTOS:
        _check_aptos(challenge, proof)
    else:
        signatures.check_evm(challenge.message, proof.signature, wallet.address)


def _check_aptos(challenge: Challenge, proof: Proof) -> None:
    """The text may be signed bare as well: some wallets for developers do, and it says the same."""
    if proof.full_message is not None:
        wrapper = AptosWrapper.parse(proof.full_message)
        if (
            wrapper is None
            or wrapper.text != challenge.message
            or not wrapper.fits(challenge.asked)
        ):
            raise SignatureInvalid("the wallet signed another text")
    match = HEX_SIGNATURE.fullmatch(proof.signature)
    if match is None:
        raise SignatureInvalid("not 64 bytes of hex")
    key = challenge.wallet.public_key or ""
    signatures.check_ed25519(
        challenge.signed_text(proof), bytes.fromhex(match[1]), bytes.fromhex(key[2:])
    )
