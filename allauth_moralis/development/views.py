"""The endpoints of the development wallet's script. Refusals are JSON, as elsewhere."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from .. import forms
from ..exceptions import ChallengeMissing
from ..internal import stash
from ..internal.responses import body_of, refusals
from ..views import refuse_json
from . import contracts, keys
from .reach import on_this_machine


@on_this_machine
@require_POST
@never_cache
@login_not_required
@refusals(refuse_json)
def accounts(_request: HttpRequest) -> HttpResponse:
    """Return the wallet's accounts. This is a POST because the first call creates their secret."""
    return JsonResponse({"accounts": [_described(each) for each in _accounts()]})


@on_this_machine
@require_POST
@never_cache
@login_not_required
@refusals(refuse_json)
def sign(request: HttpRequest) -> HttpResponse:
    """Sign a pending challenge of this very session, without using it up: only its proof does."""
    data = forms.parse_json(body_of(request))
    # The posted text only finds the challenge; what is signed is the text that was kept.
    for pending in stash.waiting(request):
        if pending.challenge.message == data.get("message"):
            for account in _accounts():
                if account.address == data.get("address"):
                    return JsonResponse({"signature": account.sign(pending.challenge)})
    raise ChallengeMissing


def _accounts() -> list[keys.Account]:
    return [*keys.accounts(), *contracts.accounts()]


def _described(account: keys.Account) -> dict[str, str]:
    described = {"name": account.name, "address": account.address}
    if isinstance(account, contracts.ContractAccount):
        described["chain_id"] = hex(account.chain_id)
    return described
