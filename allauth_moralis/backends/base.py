"""The seam between the flow and whoever judges a signature."""

from abc import ABC, abstractmethod

from django.core.checks import CheckMessage

from ..siwx.wallets import Challenge, Proof, SignIn, VerifiedWallet


class Backend(ABC):
    """Three methods. Derive from it and name the class in the setting ``BACKEND``.

    Its errors are those of ``allauth_moralis.exceptions`` and no others.
    """

    #: Stored with each challenge and each verified wallet.
    name: str
    #: Whether its answers may take long, so that a session that was read before them is old.
    is_remote: bool = True

    @abstractmethod
    def request_challenge(self, asked: SignIn) -> Challenge:
        """Have a text made that says what was asked."""

    @abstractmethod
    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        """The evidence that the challenge's wallet signed the challenge's text, or an exception.

        The challenge is in time, and this is the only attempt to answer it.
        """

    @property
    def available(self) -> bool:
        """Whether asking it now is worth a try; where not, the wallet page says so at once."""
        return True

    def check(self) -> list[CheckMessage]:
        """What ``manage.py check`` should say of this backend's settings."""
        return []
