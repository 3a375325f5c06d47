"""The answer to a challenge as JSON: for ``allauth.headless`` alone."""

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import forms
from ..exceptions import ChallengeMissing, WalletError
from ..reauthentication import require_for_linking
from ..siwx.wallets import VerifiedWallet
from . import events, flows, reports

if TYPE_CHECKING:
    from ..provider import MoralisProvider


@sensitive_variables()
def verify(request: HttpRequest, provider: "MoralisProvider", token: dict[str, Any]) -> SocialLogin:
    """A ``SocialLogin`` for allauth to complete; raises ``ValidationError`` with a stable code."""
    events.begin()
    reports.hide(request, token.get("id_token"))
    try:
        process = _process(request)
        if process == AuthProcess.CONNECT:
            require_for_linking(request)
        verified, state = judge(request, token.get("id_token"), process)
    except WalletError as error:
        # The view is allauth's, and not one of those that `responses.refusals` wraps.
        events.wallet_refused(request, error)
        raise ValidationError(str(error.message), code=error.code) from None
    sociallogin: SocialLogin = provider.sociallogin_from_response(request, verified)
    sociallogin.state = dict(state)
    return sociallogin


@sensitive_variables()
def judge(
    request: HttpRequest, answer: object, process: object
) -> tuple[VerifiedWallet, dict[str, Any]]:
    """Judge an answer, the text of a JSON object, to a challenge that was for ``process``.

    Raises ``WalletError``.
    """
    data = forms.parse_answer(answer)
    reports.hide(request, *data.values())
    pending = flows.take_challenge(request, forms.handle_of(data))
    proof = forms.parse_proof(data)
    if pending is not None and pending.state["process"] != process:
        raise ChallengeMissing("for another purpose")
    return flows.judge_answer(request, pending, proof)


def _process(request: HttpRequest) -> object:
    """What the request says it is for; allauth tells a provider only afterwards."""
    process = forms.parse_json(request.body, max_body=forms.MAX_ANSWER).get("process")
    return process if process in (AuthProcess.LOGIN, AuthProcess.CONNECT) else None
