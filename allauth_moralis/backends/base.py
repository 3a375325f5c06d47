"""The interface of backends: they make the text of a challenge and verify the proof."""

from abc import ABC, abstractmethod

from django.core.checks import CheckMessage

from ..siwx.wallets import Challenge, MessageFields, Proof, VerifiedWallet


class Backend(ABC):
    """Base class of backends. Derive from it, and name the class in the setting ``BACKEND``.

    One instance serves a whole process, so it must be thread-safe. It raises the errors of
    ``allauth_moralis.exceptions`` and no others.
    """

    #: Stored with each challenge, to find the backend that verifies its proof, and with each
    #: verified wallet.
    name: str
    #: Whether a call may take so long that the session must be read again afterwards.
    is_remote: bool = True

    @abstractmethod
    def request_challenge(self, fields: MessageFields) -> Challenge:
        """Return a challenge whose text says exactly what ``fields`` says.

        Raise ``UnsupportedNetwork`` or ``UnsupportedChain`` if the backend does not serve them, an
        ``UpstreamError`` if its service fails, and ``Misconfigured`` if it is not set up correctly.
        """

    @abstractmethod
    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        """Return the evidence that the challenge's wallet signed the challenge's text.

        The challenge has not expired, and this is called only once for it. Raise
        ``SignatureInvalid`` if the proof is wrong, ``ChallengeExpired`` if the service says that it
        comes too late, an ``UpstreamError`` if the service fails, and ``Misconfigured`` if the
        backend is not set up correctly.
        """

    @property
    def available(self) -> bool:
        """Whether a call is worth trying now. If it is not, the wallet page says so at once."""
        return True

    def check(self) -> list[CheckMessage]:
        """Return what ``manage.py check`` should report about the backend's settings."""
        return []
