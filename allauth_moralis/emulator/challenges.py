"""``/challenge/request/…`` and ``/challenge/verify/…``: texts to sign in with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .. import messages
from ..exceptions import WalletError
from ..messages import AptosWrapper
from ..wallets import EVM, MAINNET, Challenge, Proof, SignIn
from .accounts import wallet_of
from .answers import BAD_REQUEST, CREATED, Answer, Body, Call, Refused, refuse_if
from .behaviour import Behaviour
from .fields import parse_chain_id, parse_cluster, parse_time
from .memory import Expiring
from .profiles import Account, Profiles
from .validation import check_request, check_verify

#: The text of an unknown, a used and a timed-out challenge was never recorded.
NOT_FOUND_TEXT = "Challenge not found"
WRONG_SIGNATURE = "Invalid Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A challenge that the service remembers, and for whom it was made.

    Whether a challenge is bound to its customer is not known. Here it is not: a client must be
    safe where another customer had the text made.
    """

    challenge: Challenge
    account: Account


class Challenges:
    def __init__(self, profiles: Profiles) -> None:
        self.profiles = profiles
        self.issued: Expiring[Issued] = Expiring()

    def request(self, network: str, call: Call) -> Answer:
        refuse_if(check_request(network, call.body, call.behaviour))
        asked = _sign_in(network, call.body)
        account = Account.of(call, asked.wallet)
        nonce = messages.new_nonce()
        issued_at = messages.timestamp(datetime.fromtimestamp(call.now, UTC))
        challenge = Challenge(
            asked=asked,
            nonce=nonce,
            issued_at=issued_at,
            message=messages.render(asked, nonce=nonce, issued_at=issued_at),
            id=messages.new_nonce(),
            profile_id=self.profiles.of(account),
            issued_by="emulator",
        )
        issued = Issued(challenge=challenge, account=account)
        self.issued.keep(challenge.message, issued, now=call.now, seconds=call.body["timeout"])
        return CREATED, {
            "id": challenge.id,
            "message": challenge.message,
            "profileId": challenge.profile_id,
        }

    def verify(self, network: str, call: Call) -> Answer:
        refuse_if(check_verify(network, call.body))
        text, proof = read_proof(call.body)
        issued = self.issued.get(text, now=call.now)
        if issued is None or issued.challenge.wallet.network != network:
            raise Refused(BAD_REQUEST, NOT_FOUND_TEXT)
        _check_times(issued.challenge.asked, call.now)
        check_signature(call, issued.challenge, proof)
        # Two requests at once: one of them finds the challenge gone.
        if call.behaviour.single_use and self.issued.pop(text) is None:
            raise Refused(BAD_REQUEST, NOT_FOUND_TEXT)
        return CREATED, _verified(
            issued.challenge, self.profiles.of(issued.account), call.behaviour
        )


def read_proof(body: Body) -> tuple[str, Proof]:
    """The text that was given out, and its proof: Aptos wallets sign a wrapper around the text."""
    wrapper = AptosWrapper.parse(body["message"])
    text = wrapper.text if wrapper else body["message"]
    return text, Proof(
        signature=body["signature"], full_message=body["message"] if wrapper else None
    )


def check_signature(call: Call, challenge: Challenge, proof: Proof) -> None:
    """Raise ``Refused`` unless the challenge's wallet signed the challenge's text."""
    try:
        call.judge(challenge, proof)
    except WalletError:
        raise Refused(BAD_REQUEST, WRONG_SIGNATURE) from None


def _sign_in(network: str, body: Body) -> SignIn:
    return SignIn(
        wallet=wallet_of(network, body),
        domain=body["domain"],
        uri=body["uri"],
        chain_id=parse_chain_id(body["chainId"]) if network == EVM else None,
        cluster=parse_cluster(body) or MAINNET,
        statement=body.get("statement"),
        expiration_time=body.get("expirationTime"),
        not_before=body.get("notBefore"),
        resources=tuple(body.get("resources") or ()),
    )


def _check_times(asked: SignIn, now: float) -> None:
    if asked.expiration_time and now >= parse_time(asked.expiration_time).timestamp():
        raise Refused(BAD_REQUEST, "Expired message.")
    if asked.not_before and now < parse_time(asked.not_before).timestamp():
        raise Refused(BAD_REQUEST, "Message is not valid yet.")


def _verified(challenge: Challenge, profile: str, behaviour: Behaviour) -> dict[str, Any]:
    asked = challenge.asked
    number = behaviour.verify_chain_id == "number" or asked.chain_id is None
    answer = {
        "id": challenge.id,
        "domain": asked.domain,
        "chainId": asked.chain_id if number else str(asked.chain_id),
        "network": None if asked.wallet.network == EVM else asked.cluster,
        "address": asked.wallet.address,
        "publicKey": asked.wallet.public_key,
        "statement": asked.statement,
        "uri": asked.uri,
        "expirationTime": asked.expiration_time,
        "notBefore": asked.not_before,
        "resources": list(asked.resources) or None,
        "version": "1",
        "nonce": challenge.nonce,
        "profileId": profile,
    }
    return {key: value for key, value in answer.items() if value is not None}
