"""The answer to a challenge as a token: for ``allauth.headless`` alone."""

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import events, flows, forms
from .exceptions import ChallengeMissing, RateLimited, WalletError
from .wallets import Wallet

if TYPE_CHECKING:
    from .provider import MoralisProvider

#: Seconds in which a first login of a wallet must be written.
SIGN_UP = 5


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
    """Refuse what allauth would refuse too late, or not at all.

    It updates another account's row before it refuses to link its wallet, and two first logins
    of one wallet at once would both write it.
    """
    account = SocialAccount.objects.filter(provider="moralis", uid=wallet.address).first()
    if process == AuthProcess.CONNECT:
        if account is not None and account.user_id != request.user.pk:
            raise get_adapter().validation_error("connected_other")
    elif account is None and not cache.add(
        f"allauth_moralis:sign_up:{wallet.network}:{wallet.address}", 1, timeout=SIGN_UP
    ):
        raise RateLimited("a first login is on its way", retry_after=SIGN_UP)
