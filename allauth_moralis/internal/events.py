"""The events of a sign-in. Each is one line in the log of ``allauth_moralis``, and one signal.

A line has the event or the code of the refusal, the network and the shortened address. If a service
was called, it also has the milliseconds that the service took and the id that it gave the request.
It never has a key, a signature, a nonce or a text.
"""

import logging
from contextvars import ContextVar

from django.http import HttpRequest

from .. import signals
from ..backends import calls
from ..exceptions import Misconfigured, UpstreamError, WalletError
from ..siwx.wallets import Challenge, VerifiedWallet, Wallet

logger = logging.getLogger("allauth_moralis")


_wallet: ContextVar[Wallet | None] = ContextVar("wallet", default=None)


def reset() -> None:
    """Forget what an earlier request in this thread was about."""
    calls.forget()
    _wallet.set(None)


def set_wallet(wallet: Wallet) -> None:
    """Remember that this request is about ``wallet``, in case it is refused."""
    _wallet.set(wallet)


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


def wallet_refused(request: HttpRequest, error: WalletError) -> None:
    wallet = _wallet.get()
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
    call = calls.latest()
    if call is not None:
        parts.append(f"upstream_ms={call.milliseconds}")
        if call.request_id:
            parts.append(f"upstream_request_id={call.request_id}")
    logger.log(level, " ".join(parts))
