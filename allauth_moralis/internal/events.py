"""What is told of a sign-in: one line in the log of ``allauth_moralis``, and one signal.

A line has the event or the code of the refusal, the network, the shortened address, and where a
service was asked the milliseconds that it took and its own name for the request. It never has a
key, a signature, a nonce or a text.
"""

import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from .. import signals
from ..exceptions import Misconfigured, UpstreamError, WalletError
from ..siwx.wallets import Challenge, VerifiedWallet, Wallet

logger = logging.getLogger("allauth_moralis")


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """The latest call of a service on behalf of this request."""

    milliseconds: int
    request_id: str | None


_upstream_call: ContextVar[UpstreamCall | None] = ContextVar("upstream_call", default=None)


def begin() -> None:
    """Forget the calls of an earlier request in this thread."""
    _upstream_call.set(None)


def upstream_called(seconds: float, request_id: str | None) -> None:
    """Remember a call of a service, for the line that tells of what came of it."""
    # What a service sends ends up in our log: only what looks like a name for a request does.
    known = request_id and re.fullmatch(r"[\w.:=-]{1,100}", request_id, re.ASCII)
    _upstream_call.set(UpstreamCall(round(seconds * 1000), request_id if known else None))


def challenge_issued(request: HttpRequest, challenge: Challenge, process: str) -> None:
    _log(
        logging.INFO,
        "challenge_issued",
        challenge.wallet,
        f"for {process}, by {challenge.issued_by}",
    )
    signals.challenge_issued.send_robust(
        sender=Challenge, request=request, challenge=challenge, process=process
    )


def wallet_verified(request: HttpRequest, verified: VerifiedWallet, process: str) -> None:
    _log(logging.INFO, "wallet_verified", verified.wallet, f"by {verified.verified_by}")
    signals.wallet_verified.send_robust(
        sender=VerifiedWallet, request=request, verified=verified, process=process
    )


def wallet_refused(request: HttpRequest, error: WalletError, wallet: Wallet | None) -> None:
    _log(_level(error), f"refused {error.code}", wallet, error.detail)
    signals.wallet_refused.send_robust(
        sender=type(error), request=request, code=error.code, wallet=wallet
    )


def _level(error: WalletError) -> int:
    if isinstance(error, Misconfigured):
        return logging.ERROR
    return logging.WARNING if isinstance(error, UpstreamError) else logging.INFO


def _log(level: int, event: str, wallet: Wallet | None, detail: str) -> None:
    parts = [event]
    if wallet is not None:
        parts.append(f"{wallet.network} {wallet.short}")
    if detail:
        parts.append(f"({detail})")
    call = _upstream_call.get()
    if call is not None:
        parts.append(f"upstream_ms={call.milliseconds}")
        if call.request_id:
            parts.append(f"upstream_request_id={call.request_id}")
    logger.log(level, " ".join(parts))
    begin()  # told once: whatever this thread refuses next may come before any service is called
