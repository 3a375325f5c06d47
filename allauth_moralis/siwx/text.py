"""The text that a wallet signs (EIP-4361): made here, or recognised when made elsewhere.

Sources: EIP-4361 for the text; recordings of the Moralis Auth API for what the standard leaves open
(no scheme before the domain, milliseconds, ``Z``), and for Solana and Aptos, whose texts differ in
the name of the network and in the line for the chain.
"""

import re
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime

from .wallets import APTOS, MAINNET, SOLANA, MessageFields

ALPHANUMERIC = string.ascii_letters + string.digits
NONCE_LENGTH = 17  # 101 bits; EIP-4361 asks for at least 8 characters

APTOS_CHAIN_IDS = {MAINNET: 1, "testnet": 2}

ISSUED = re.compile(r"^Nonce: ([A-Za-z0-9]{8,96})\nIssued At: ([0-9T:.Z+-]{20,35})$", re.MULTILINE)

APTOS_WRAPPER = re.compile(
    r"APTOS\n(?:address: 0x(?P<address>[0-9a-fA-F]{1,64})\n)?"
    r"(?:application: (?P<application>[^\n]+)\n)?(?:chainId: (?P<chain>[^\n]+)\n)?"
    r"message: (?P<text>.+)\nnonce: [ -~]*",
    re.ASCII | re.DOTALL,
)


def render(fields: MessageFields, *, nonce: str, issued_at: str) -> str:
    """Return the text, to the letter. It does not end with a newline."""
    blockchain, chain = _account(fields)
    lines = [
        f"{fields.domain} wants you to sign in with your {blockchain} account:",
        fields.wallet.address,
        "",
        # Without a statement its line is left out, but both empty lines around it stay.
        *([] if fields.statement is None else [fields.statement]),
        "",
        f"URI: {fields.uri}",
        "Version: 1",
        chain,
        f"Nonce: {nonce}",
        f"Issued At: {issued_at}",
    ]
    if fields.expiration_time is not None:
        lines.append(f"Expiration Time: {fields.expiration_time}")
    if fields.not_before is not None:
        lines.append(f"Not Before: {fields.not_before}")
    if fields.resources:
        lines.append("Resources:")
        lines.extend(f"- {resource}" for resource in fields.resources)
    return "\n".join(lines)


def _account(fields: MessageFields) -> tuple[str, str]:
    """Return the text's name for the network, and the line that names the chain."""
    if fields.wallet.network == SOLANA:
        return "Solana", f"Network: {fields.cluster}"
    if fields.wallet.network == APTOS:
        return "Aptos", f"Chain ID: {APTOS_CHAIN_IDS[fields.cluster]}"
    return "Ethereum", f"Chain ID: {fields.chain_id}"


def match(text: str, fields: MessageFields) -> tuple[str, str] | None:
    """Return ``(nonce, issued_at)`` of a text that says exactly what was asked, or else ``None``.

    There is no parser to fool: the text is rendered again from what was asked, and compared.
    """
    found = ISSUED.search(text)
    if found is None:
        return None
    nonce, issued_at = found.groups()
    return (nonce, issued_at) if render(fields, nonce=nonce, issued_at=issued_at) == text else None


def new_nonce() -> str:
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(NONCE_LENGTH))


def timestamp(moment: datetime) -> str:
    """Return a time in ISO 8601 as JavaScript writes it: ``2026-01-01T00:00:00.000Z``."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class AptosWrapper:
    """What an Aptos wallet signs (AIP-62).

    It consists of a prefix; the account, the site and the chain, if the wallet names them; our
    text; and a nonce that means nothing here, because ours is within the text. Everything but that
    nonce is compared with what was asked, and the nonce is a line of ASCII, so that a database or a
    service accepts what is stored and sent on.
    """

    address: str | None
    application: str | None
    chain: str | None
    text: str

    @classmethod
    def parse(cls, full_message: str) -> "AptosWrapper | None":
        found = APTOS_WRAPPER.fullmatch(full_message)
        return found and cls(found["address"], found["application"], found["chain"], found["text"])

    def fits(self, fields: MessageFields) -> bool:
        """Return whether account, site and chain, if named, are the ones that were asked for."""
        return (
            (self.address is None or int(self.address, 16) == int(fields.wallet.address, 16))
            and (self.application is None or _same_site(self.application, fields.uri))
            and (self.chain is None or self.chain == str(APTOS_CHAIN_IDS[fields.cluster]))
        )


def _same_site(application: str, uri: str) -> bool:
    return application.rstrip("/") == uri.rstrip("/")
