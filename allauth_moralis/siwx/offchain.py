"""Solana's off-chain messages: what hardware wallets, which sign no bare text, put before it.

Sources: Solana's proposal "Off-chain message signing" in the form that it has now (version 0) and
in its first one, which older apps of Ledger's devices know; sRFC 3 (version 1). All of it is made
here from the text that was issued, so there is nothing to parse: whoever signed one of these signed
that text.
"""

from collections.abc import Iterator

SIGNING_DOMAIN = b"\xffsolana offchain"
#: Nobody has asked the wallet for one.
APPLICATION_DOMAIN = bytes(32)
#: ASCII of one line, UTF-8, long UTF-8. Which of them a text with several lines is, devices differ.
FORMATS = (b"\x00", b"\x01", b"\x02")
SIGNER_COUNT = b"\x01"


def envelopes(text: bytes, key: bytes) -> Iterator[bytes]:
    """Yield what may stand before ``text`` where the holder of ``key`` signed it, and no other."""
    length = len(text).to_bytes(2, "little")
    for kind in FORMATS:
        yield (SIGNING_DOMAIN + b"\x00" + APPLICATION_DOMAIN + kind + SIGNER_COUNT + key + length)
    for kind in FORMATS:
        yield SIGNING_DOMAIN + b"\x00" + kind + length
    yield SIGNING_DOMAIN + b"\x01" + SIGNER_COUNT + key
    yield SIGNING_DOMAIN + b"\x01" + SIGNER_COUNT + key + length  # as Ledger's app reads it
