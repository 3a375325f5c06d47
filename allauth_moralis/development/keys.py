"""The accounts of the development wallet, and the one place where the server signs.

The keys of all accounts are derived from one random secret. It is kept in the user's state folder,
readable only by them, and outside the copy of the site: so it gets into no repository, image or
backup, and a clone, which comes with the demo's public ``SECRET_KEY``, has other accounts. The path
of the copy goes into each key, so that two copies on one machine have different accounts too, and
each has the same ones after a restart.
"""

import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from coincurve import PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ..exceptions import ChallengeMissing
from ..siwx.signatures import eip191_hash, keccak256
from ..siwx.wallets import EVM, Challenge, eip55
from .reach import is_loopback

NAMES = ("Ada", "Alan", "Barbara", "Edsger", "Grace")
SECRET_LENGTH = 32  # bytes
#: What the secret is used for, and how: no other use may arrive at the same keys.
LABEL = b"allauth_moralis development wallet, version 1"


@dataclass(frozen=True)
class Account:
    name: str
    key: PrivateKey = field(repr=False)

    @property
    def address(self) -> str:
        public = self.key.public_key.format(compressed=False)[1:]
        return eip55(keccak256(public)[12:].hex())

    def sign(self, challenge: Challenge) -> str:
        """Sign a challenge that was issued to this account on this machine, and nothing else.

        A text that the server itself did not issue cannot be signed. Raise ``ChallengeMissing`` for
        a challenge of another wallet or site.
        """
        if not settings.DEBUG:
            raise ImproperlyConfigured("The development wallet signs nothing while DEBUG is off.")
        wallet = challenge.wallet
        if (wallet.network, wallet.address) != (EVM, self.address):
            raise ChallengeMissing("for another wallet")
        if not is_loopback(challenge.fields.domain):
            raise ChallengeMissing("for another site")
        signature = self.key.sign_recoverable(eip191_hash(challenge.message), hasher=None)
        return "0x" + signature[:64].hex() + f"{27 + signature[64]:02x}"


def accounts() -> list[Account]:
    """Return the accounts of this copy of the site. The first call creates the secret."""
    secret, place = _secret(), bytes(_copy())
    return [
        # The probability that a digest is not a key of the curve is 2 to the power of -127.
        Account(
            name,
            PrivateKey(hmac.digest(secret, b"\0".join((LABEL, place, name.encode())), "sha256")),
        )
        for name in NAMES
    ]


def _copy() -> Path:
    """Return the folder of this copy of the site: every site has a root URLconf."""
    return Path(import_module(settings.ROOT_URLCONF).__file__ or "").resolve().parent


def secret_path() -> Path:
    given = Path(os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or "")
    # A relative path is to be ignored (XDG Base Directory Specification).
    state = given if given.is_absolute() else Path.home() / ".local" / "state"
    return state / "allauth_moralis" / "development-wallet.key"


def _secret() -> bytes:
    path = secret_path()
    if not path.exists():
        _make_secret(path)
    secret = path.read_bytes()
    if len(secret) != SECRET_LENGTH:
        raise ImproperlyConfigured(f"{path} is not a key. Delete it, and a new one will be made.")
    return secret


def _make_secret(path: Path) -> None:
    """Create the secret: in a temporary file first, so that it is never read half-written.

    If several processes do so at the same time, one of them wins.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # readable only by this user
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_LENGTH))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
