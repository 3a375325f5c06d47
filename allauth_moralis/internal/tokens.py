"""Proofs that arrive as JSON, from ``allauth.headless``."""

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.providers.base import AuthProcess
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import forms
from ..exceptions import ChallengeMissing, WalletAlreadyLinked, WalletError
from ..reauthentication import require_for_linking
from ..siwx.wallets import VerifiedWallet
from . import events, flows, reports, stash, stores
from .sociallogin import WalletLogin

if TYPE_CHECKING:
    from ..provider import MoralisProvider


class TokenLogin(WalletLogin):
    """A login that is completed by allauth's own view, which does not know ``WalletError``."""

    def save(self, request: HttpRequest, connect: bool = False) -> None:
        try:
            super().save(request, connect)
        except WalletError as error:
            raise _told(request, error) from None


@sensitive_variables()
def verify_token(
    request: HttpRequest, provider: "MoralisProvider", token: dict[str, Any]
) -> WalletLogin:
    """Return a ``WalletLogin`` for allauth to complete.

    Raise ``ValidationError``, with a stable code, if the proof is refused.
    """
    events.reset()
    reports.hide(request, token.get("id_token"))
    try:
        process = _process(request)
        if process == AuthProcess.CONNECT and not _is_for_another(request, token, process):
            require_for_linking(request)
        with stores.database_must_answer():
            verified, state = verify_json(request, token.get("id_token"), process)
            return login_of(request, provider, verified, state)
    except WalletError as error:
        raise _told(request, error) from None


@sensitive_variables()
def login_of(
    request: HttpRequest,
    provider: "MoralisProvider",
    verified: VerifiedWallet,
    state: dict[str, Any],
) -> TokenLogin:
    """Return the login of a wallet that was verified, for allauth's own view to complete.

    Raise ``WalletAlreadyLinked`` if it is to be linked to an account that has it.
    """
    login = provider.sociallogin_from_response(request, verified)
    sociallogin = TokenLogin(user=login.user, account=login.account, provider=provider)
    sociallogin.state = dict(state)
    links = state["process"] == AuthProcess.CONNECT
    if links and flows.renew_evidence(request, sociallogin):
        raise WalletAlreadyLinked
    return sociallogin


def _told(request: HttpRequest, error: WalletError) -> ValidationError:
    """Log a refusal, and return it in the form that allauth's own view understands."""
    events.wallet_refused(request, error)
    return ValidationError(str(error.message), code=error.code)


@sensitive_variables()
def verify_json(
    request: HttpRequest, posted: object, process: object
) -> tuple[VerifiedWallet, dict[str, Any]]:
    """Verify the proof of a challenge, given as a JSON object in a string or bytes.

    The challenge must have been issued for ``process``. Return what ``flows.verify_proof`` returns.
    Raise a ``WalletError`` if the proof is refused.
    """
    data = forms.parse_proof_fields(posted)
    reports.hide(request, *data.values())
    handle = forms.handle_of(data)
    with flows.taken_challenge(request, handle) as taken:
        pending = flows.claim(taken)
        proof = forms.parse_proof(data)
        if pending is not None and pending.login_state["process"] != process:
            raise ChallengeMissing("for another process")
        return flows.verify_proof(request, pending, proof)


def _is_for_another(request: HttpRequest, token: dict[str, Any], process: object) -> bool:
    """Return whether the challenge was issued for another process, so that it is refused anyway."""
    data = forms.parse_proof_fields(token.get("id_token"))
    pending = stash.find(request, forms.handle_of(data))
    return pending is not None and pending.login_state["process"] != process


def _process(request: HttpRequest) -> object:
    """Return the process that the request names. allauth tells a provider only afterwards."""
    process = forms.parse_json(request.body, max_body=forms.MAX_PROOF_BODY).get("process")
    return process if process in (AuthProcess.LOGIN, AuthProcess.CONNECT) else None
