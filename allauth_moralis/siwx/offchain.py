"""Solana's off-chain messages: what hardware wallets, which do not sign bare texts, put before it.

Sources: Solana's proposal "Off-chain message signing", in its current form (version 0) and in its
first one, which older apps of Ledger devices use; sRFC 3 (version 1). All of them are made here
from the text that was issued, so there is nothing to parse: to sign one of them is to sign that
text.
"""

from collections.abc import Iterator

SIGNING_DOMAIN = b"\xffsolana offchain"
#: All zeros, because pages do not ask the wallet for an application domain.
APPLICATION_DOMAIN = bytes(32)
#: One line of ASCII, UTF-8, long UTF-8. Devices differ in which of them a text of several lines is.
FORMATS = (b"\x00", b"\x01", b"\x02")
SIGNER_COUNT = b"\x01"


def envelopes(text: bytes, key: bytes) -> Iterator[bytes]:
    """Yield all that may precede ``text`` if the holder of ``key`` is the only one to sign it."""
    length = len(text).to_bytes(2, "little")
    for kind in FORMATS:
        yield (SIGNING_DOMAIN + b"\x00" + APPLICATION_DOMAIN + kind + SIGNER_COUNT + key + length)
    for kind in FORMATS:
        yield SIGNING_DOMAIN + b"\x00" + kind + length
    yield SIGNING_DOMAIN + b"\x01" + SIGNER_COUNT + key
    yield SIGNING_DOMAIN + b"\x01" + SIGNER_COUNT + key + length  # as Ledger's app reads it
