"""The backend of the Moralis Auth API, which makes the text and verifies the proof after us.

Nothing here depends on what the Auth API's reference leaves open (single use, whether a domain may
have a port). What goes over the wire is in ``payloads.py``.
"""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

from django.core.checks import CheckMessage, Error

from ... import conf
from ...exceptions import (
    ChainRefusedByService,
    ChallengeExpired,
    NetworkRefusedByService,
    SignatureInvalid,
    UpstreamRejected,
    WalletError,
)
from ...siwx.wallets import CONTRACT, EVM, Challenge, MessageFields, Proof, VerifiedWallet
from ..base import Backend
from ..local import challenge_here, verify_here
from . import payloads
from .auth_api import AuthApi, Refused

logger = logging.getLogger("allauth_moralis")

CHAIN_REFUSED = r"^chainId\b"


class MoralisBackend(Backend):
    name = "moralis"

    def __init__(self) -> None:
        self.api = AuthApi()

    @property
    def available(self) -> bool:
        return not self.api.circuit.is_open

    def request_challenge(self, fields: MessageFields) -> Challenge:
        try:
            return self._request(fields)
        except Refused as refused:
            if fields.wallet.network == EVM and refused.says(CHAIN_REFUSED):
                return self._make_here(fields)
            bare = re.sub(r":[0-9]+$", "", fields.domain)
            if bare == fields.domain or not refused.says(r"^domain must be a valid"):
                raise request_error(refused) from None
        # Whether the service accepts a domain with a port is not documented, so it is tried.
        logger.warning("the service accepts no port in a domain; set DOMAIN to %r", bare)
        try:
            return self._request(replace(fields, domain=bare))
        except Refused as refused:
            raise request_error(refused) from None

    def _make_here(self, fields: MessageFields) -> Challenge:
        """Issue a challenge for a chain that the service does not list.

        Asking the service for another chain would put a chain into the text, and into what is
        stored, that the wallet is not on; and a contract wallet would be looked up on that one.
        """
        logger.warning("the service does not list chain %d: verified here", fields.chain_id)
        return challenge_here(fields, issued_by=self.name)

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        # First here: a wrong signature costs no call, and the service's "yes" cannot make it right.
        here = verify_here(challenge, proof)
        # The service knows only the challenges that it made, only signatures of the bare text, and
        # no contracts.
        if here.verified_by == CONTRACT or challenge.profile_id is None or here.proof.envelope:
            return here
        try:
            response = self.api.post(
                f"/challenge/verify/{challenge.wallet.network}",
                payloads.verify_request(challenge, here.proof),
            )
        except Refused as refused:
            raise verify_error(refused) from None
        return replace(
            here,
            verified_by=self.name,
            verified_at=datetime.now(UTC),
            profile_id=payloads.profile_id_from(response, challenge),
        )

    def check(self) -> list[CheckMessage]:
        if conf.current().api_key:
            return []
        return [
            Error(
                "The Moralis backend needs an API key.",
                hint='Set SOCIALACCOUNT_PROVIDERS["moralis"]["API_KEY"], or leave BACKEND out to '
                "have the embedded verifier do the work.",
                id="allauth_moralis.E010",
            )
        ]

    def _request(self, fields: MessageFields) -> Challenge:
        body = payloads.challenge_request(fields, timeout=conf.current().challenge_ttl)
        # Asking twice does no harm: a text that no wallet sees is worth nothing.
        response = self.api.post(f"/challenge/request/{fields.wallet.network}", body, retry=True)
        return payloads.challenge_from(response, fields, issued_by=self.name)


def request_error(refused: Refused) -> WalletError:
    if refused.says(CHAIN_REFUSED):
        return ChainRefusedByService("refused by the service")
    if refused.says(r"^network\b"):
        return NetworkRefusedByService("refused by the service")
    return UpstreamRejected("the service refused to make the text")


def verify_error(refused: Refused) -> WalletError:
    if refused.says(r"\bexpired\b"):
        return ChallengeExpired("said by the service")
    if refused.says(r"\bsignature\b"):
        return SignatureInvalid("said by the service")
    return UpstreamRejected("the service refused to verify the signature")
