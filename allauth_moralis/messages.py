"""The text that a wallet signs (EIP-4361): made here, or recognised when made elsewhere. Pure.

Source: EIP-4361 for the text, section 3.1 of the Moralis Auth API's recordings for the details
that the standard leaves open (no scheme before the domain, milliseconds, ``Z``).
"""

import re
import secrets
import string
from datetime import UTC, datetime

from .wallets import SignIn

ALPHANUMERIC = string.ascii_letters + string.digits
NONCE_LENGTH = 17  # 101 bits; EIP-4361 asks for at least 8 characters

ISSUED = re.compile(r"^Nonce: ([A-Za-z0-9]{8,96})\nIssued At: ([0-9T:.Z+-]{20,35})$", re.MULTILINE)


def render(sign_in: SignIn, *, nonce: str, issued_at: str) -> str:
    """The text, to the letter. It ends without a newline."""
    lines = [
        f"{sign_in.domain} wants you to sign in with your Ethereum account:",
        sign_in.wallet.address,
        "",
        # Without a statement its line is left out and both empty lines around it stay.
        *([] if sign_in.statement is None else [sign_in.statement]),
        "",
        f"URI: {sign_in.uri}",
        "Version: 1",
        f"Chain ID: {sign_in.chain_id}",
        f"Nonce: {nonce}",
        f"Issued At: {issued_at}",
    ]
    if sign_in.expiration_time is not None:
        lines.append(f"Expiration Time: {sign_in.expiration_time}")
    if sign_in.not_before is not None:
        lines.append(f"Not Before: {sign_in.not_before}")
    if sign_in.resources:
        lines.append("Resources:")
        lines.extend(f"- {resource}" for resource in sign_in.resources)
    return "\n".join(lines)


def match(text: str, sign_in: SignIn) -> tuple[str, str] | None:
    """``(nonce, issued_at)`` of a text that says what was asked and nothing else, or ``None``.

    There is no parser to fool: the text is made again from what was asked and compared.
    """
    found = ISSUED.search(text)
    if found is None:
        return None
    nonce, issued_at = found.groups()
    return (nonce, issued_at) if render(sign_in, nonce=nonce, issued_at=issued_at) == text else None


def new_nonce() -> str:
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(NONCE_LENGTH))


def timestamp(moment: datetime) -> str:
    """``2026-01-01T00:00:00.000Z``: ISO 8601 as JavaScript writes it."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
