"""The two steps of the computer: to ask for a wallet of another device, and to complete with it.

The steps between are the phone's: a challenge and its proof, which ``internal.flows`` handles.
"""

import time
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from .. import conf
from ..exceptions import ChallengeMissing, WalletError
from ..forms import Purpose
from ..internal import events, flows, reports, stash
from ..internal.allauth_private import check_rate
from ..siwx.wallets import VerifiedWallet
from . import browsers, states
from .states import DeviceRequest

#: What stands in the place of a proof where refusals are remembered.
NO_PROOF: dict[str, str] = {}


def ask(request: HttpRequest, purpose: Purpose) -> tuple[str, DeviceRequest]:
    """Ask for a wallet of another device; return this session's device code, and the request."""
    state = flows.login_state(request, purpose)
    flows.check_process(request, state["process"])
    settings = conf.current()
    check_rate(request, "device", settings.limits, key="")
    browser, system = browsers.describe(request.headers.get("User-Agent", ""))
    device = DeviceRequest(
        id=states.new_id(),
        number=states.new_number(),
        process=state["process"],
        domain=flows.domain_of(request),
        browser=browser,
        system=system,
        expires_at=time.time() + settings.challenge_ttl,
    )
    return states.put(request, device, state), device


@sensitive_variables("verified")
def complete(request: HttpRequest, code: str) -> HttpResponseBase:
    """Sign in, link or confirm with the wallet that was approved for this session, once.

    A refusal is remembered, as that of a proof is.
    """
    verified = find_approved(request, code)
    with stash.undoing(request):
        try:
            return flows.finish(request, verified, take(request, code, verified))
        except WalletError as error:
            stash.remember_refusal(request, code, NO_PROOF, error)
            raise


def find_approved(request: HttpRequest, code: str) -> VerifiedWallet:
    """Return the wallet that was approved for this session, without using it up.

    Raise ``ChallengeMissing`` if none was, or the refusal that this session was told before.
    """
    reports.hide(request, code)
    verified = states.approved(request, code)
    check_rate(
        request, "verify", conf.current().limits, key=verified.wallet.address if verified else ""
    )
    if verified is None:
        raise stash.remembered_refusal(request, code, NO_PROOF) or ChallengeMissing("not approved")
    events.set_wallet(verified.wallet)
    reports.hide(request, verified.proof.signature)
    return verified


def take(request: HttpRequest, code: str, verified: VerifiedWallet) -> dict[str, Any]:
    """Use up what was approved, and return the state of the login. It succeeds once."""
    state = states.take(request, code)
    events.device_completed(verified, state["process"])
    return state
