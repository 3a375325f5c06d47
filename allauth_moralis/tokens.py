"""The answer to a challenge as a token: for ``allauth.headless`` alone."""

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import events, flows, forms
from .exceptions import ChallengeMissing, WalletError
from .wallets import Wallet

if TYPE_CHECKING:
    from .provider import MoralisProvider


@sensitive_variables()
def verify(request: HttpRequest, provider: "MoralisProvider", token: dict[str, Any]) -> SocialLogin:
    """A ``SocialLogin`` for allauth to complete; raises ``ValidationError`` with a stable code."""
    pending = None
    try:
        data = forms.parse_token(token.get("id_token"))
        pending = flows.take_challenge(request, data.get("challenge", ""))
        proof = forms.parse_proof(data)
        if pending is not None and pending.state["process"] != _process(request):
            raise ChallengeMissing("for another purpose")
        verified, state = flows.judge_answer(request, pending, proof)
        _check_account(request, verified.wallet, state["process"])
    except WalletError as error:
        events.wallet_refused(request, error, pending.challenge.wallet if pending else None)
        raise ValidationError(str(error.message), code=error.code) from None
    sociallogin: SocialLogin = provider.sociallogin_from_response(request, verified)
    sociallogin.state = dict(state)
    return sociallogin


def _process(request: HttpRequest) -> object:
    """What the request says it is for; allauth tells a provider only afterwards."""
    return forms.parse_json(request.body).get("process")


def _check_account(request: HttpRequest, wallet: Wallet, process: str) -> None:
    """Refuse here what allauth refuses only after it has updated the other account's row."""
    account = SocialAccount.objects.filter(provider="moralis", uid=wallet.address).first()
    if process == AuthProcess.CONNECT and account and account.user_id != request.user.pk:
        raise get_adapter().validation_error("connected_other")
