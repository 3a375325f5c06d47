"""The events of a sign-in. Each is one line in the log of ``allauth_moralis``, and one signal.

A line has the event or the code of the refusal, the network and the shortened address. If a service
was called, it also has the milliseconds that the service took and the id that it gave the request.
It never has a key, a signature, a nonce or a text.
"""

import logging
from contextvars import ContextVar

from allauth.socialaccount.providers.base import AuthProcess
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from .. import signals
from ..conf import PROVIDER_ID
from ..exceptions import (
    ContractWalletUnsupported,
    Misconfigured,
    SignatureInvalid,
    UpstreamError,
    WalletError,
)
from ..siwx.wallets import Challenge, VerifiedWallet, Wallet
from ..upstream import calls

logger = logging.getLogger("allauth_moralis")


_wallet: ContextVar[Wallet | None] = ContextVar("wallet", default=None)
_process: ContextVar[str | None] = ContextVar("process", default=None)

#: Refusals that mean that somebody tried to sign in with a wallet that is not theirs.
FAILED_LOGINS = (ContractWalletUnsupported, SignatureInvalid)


def reset() -> None:
    """Forget what an earlier request in this thread was about."""
    calls.forget()
    _wallet.set(None)
    _process.set(None)


def set_wallet(wallet: Wallet, process: str | None = None) -> None:
    """Remember which wallet this request is about, in case it is refused.

    ``process`` is that of the challenge that is answered; for another device, the device's.
    """
    _wallet.set(wallet)
    _process.set(process)


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


def device_completed(verified: VerifiedWallet, process: str) -> None:
    """Log that a device was given the wallet that was verified on another one."""
    _log(logging.INFO, "device_completed", verified.wallet, f"for {process}")


def wallet_refused(request: HttpRequest, error: WalletError) -> None:
    wallet = _wallet.get()
    _log(_level(error), f"refused {error.code}", wallet, error.detail)
    signals.wallet_refused.send_robust(
        sender=type(error), request=request, code=error.code, wallet=wallet
    )
    if wallet and _process.get() == AuthProcess.LOGIN and isinstance(error, FAILED_LOGINS):
        _login_failed(request, wallet)


def _login_failed(request: HttpRequest, wallet: Wallet) -> None:
    """Tell packages that lock visitors out, as Django tells them of a wrong password.

    They look for the user in ``username`` or in the user model's own field. It is given the
    address, and not the user name of its account: that must not be disclosed, and a stranger's
    failures must not count against the owner. The signature is left out, and all of it is JSON.
    """
    user_name = dict.fromkeys(("username", get_user_model().USERNAME_FIELD), wallet.address)
    credentials = {**user_name, "provider": PROVIDER_ID, "uid": wallet.address}
    told = user_login_failed.send_robust(sender=__name__, credentials=credentials, request=request)
    for _receiver, result in told:
        # This is how such a package locks somebody out; its other failures change nothing.
        if isinstance(result, PermissionDenied):
            raise result


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
