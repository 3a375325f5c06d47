"""The accounts of the development wallet, and the one place where the server signs.

The keys of all accounts come of one random secret. It is kept in the user's state folder, readable
by them alone: outside the site's copy, so that it gets into no repository, image or backup of the
site, and a clone, which brings the demo's public ``SECRET_KEY`` with it, has other accounts. The
place of the copy goes into each key, so that two copies on one machine have different accounts as
well, and either has the same ones after a restart.
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
from ..siwx.signatures import keccak256
from ..siwx.wallets import EVM, Challenge, eip55
from .reach import is_loopback

NAMES = ("Ada", "Alan", "Barbara", "Edsger", "Grace")
SECRET_LENGTH = 32  # bytes
#: What the secret is used for, and in which manner: another use must not come upon the same keys.
LABEL = b"allauth_moralis development wallet, version 1"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    key: PrivateKey = field(repr=False)

    @property
    def address(self) -> str:
        public = self.key.public_key.format(compressed=False)[1:]
        return eip55(keccak256(public)[12:].hex())

    def sign(self, challenge: Challenge) -> str:
        """Sign a challenge that was issued to this account on this machine, and nothing else.

        There is no way to have a text signed that did not come from the server itself. Raises
        ``ChallengeMissing``.
        """
        if not settings.DEBUG:
            raise ImproperlyConfigured("The development wallet signs nothing where DEBUG is off.")
        wallet = challenge.wallet
        if (wallet.network, wallet.address) != (EVM, self.address):
            raise ChallengeMissing("for another wallet")
        if not is_loopback(challenge.asked.domain):
            raise ChallengeMissing("for another site")
        text = challenge.message.encode()
        digest = keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
        signature = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + signature[:64].hex() + f"{27 + signature[64]:02x}"


def accounts() -> list[Account]:
    """Return the accounts of this copy of the site. The first call makes the secret."""
    secret, place = _secret(), bytes(_copy())
    return [
        # That a digest is no key of the curve has a probability of 2 to the power of -127.
        Account(
            name,
            PrivateKey(hmac.digest(secret, b"\0".join((LABEL, place, name.encode())), "sha256")),
        )
        for name in NAMES
    ]


def _copy() -> Path:
    """Return where this copy of the site lies: there is no site without a root URLconf."""
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
        raise ImproperlyConfigured(f"{path} holds no key. Remove it to have another one made.")
    return secret


def _make_secret(path: Path) -> None:
    """Write it elsewhere first: of several at once one wins, and nobody reads half a secret."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # which nobody else may read
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_LENGTH))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
