"""The two steps of a sign-in: issue a challenge, and complete it with a proof.

No status codes and no cryptography here.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.http.request import split_domain_port
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from .. import conf
from ..backends import fallback_for, issuing_backend, verifying_backend
from ..conf import PROVIDER_ID
from ..devices import states
from ..devices.states import DeviceRequest
from ..exceptions import (
    ChallengeExpired,
    ChallengeMissing,
    DeviceRequestOver,
    InvalidRequest,
    LoginRequired,
    Misconfigured,
    StorageUnavailable,
    UpstreamUnavailable,
    WalletAlreadyLinked,
    WalletError,
)
from ..forms import DEVICE, ChallengeRequest, Purpose, parse_proof
from ..reauthentication import REAUTHENTICATE, confirm, has_wallet, require_for_linking, resume
from ..siwx.text import timestamp
from ..siwx.wallets import MessageFields, Proof, VerifiedWallet
from ..upstream import calls
from . import events, home, reports, stages, stash
from .allauth_private import check_rate
from .sociallogin import WalletLogin, rows_of
from .stash import Pending
from .stores import cache_must_answer, cache_must_keep
from .transactions import writing

#: What people read whose wallet was new when it signed.
HAS_ACCOUNT = _("This wallet already has an account here. Please sign in with the wallet again.")
MAX_NAME = 253  # characters of a name in the DNS
MAX_PORT = 2**16 - 1


def issue_challenge(
    request: HttpRequest, challenge_request: ChallengeRequest
) -> tuple[str, Pending]:
    """Issue a challenge for a wallet, and return its handle and the pending challenge.

    It does not matter, and so cannot be seen, whether the address has an account here.
    """
    wallet, settings = challenge_request.wallet, conf.current()
    events.set_wallet(wallet)
    state = login_state(request, challenge_request.purpose)
    check_process(request, state["process"])
    check_rate(request, "challenge", settings.limits, key=wallet.address)
    expires = datetime.now(UTC) + timedelta(seconds=settings.challenge_ttl)
    domain = domain_of(request)
    device = _device(challenge_request, domain)
    if device is None:
        statement = settings.statement_for(state["process"], domain)
    else:
        state.update(device=device.id, device_process=device.process)
        statement = settings.device_statement_for(device.process, domain, device.number)
    fields = MessageFields(
        wallet=wallet,
        domain=domain,
        uri=f"{request.scheme}://{domain}/",
        chain_id=challenge_request.chain_id,
        statement=statement,
        expiration_time=timestamp(expires),
    )
    backend = issuing_backend()
    try:
        challenge = backend.request_challenge(fields)
    except UpstreamUnavailable:
        if not settings.falls_back:
            raise
        challenge = fallback_for(backend).request_challenge(fields)
    pending = Pending(
        challenge=challenge,
        login_state=state,
        expires_at=min(expires, device.expires if device else expires).timestamp(),
        redirect_state_id=challenge_request.purpose.state,
    )
    if backend.is_remote:
        stash.refresh(request)
    handle = stash.put(request, pending)
    events.challenge_issued(request, challenge, state["process"])
    return handle, pending


def check_process(request: HttpRequest, process: str) -> None:
    """Raise if the visitor must sign in or reauthenticate first, so that no one signs in vain."""
    if process == AuthProcess.CONNECT:
        require_for_linking(request)
    elif process not in (AuthProcess.LOGIN, DEVICE) and not request.user.is_authenticated:
        raise LoginRequired


def _device(challenge_request: ChallengeRequest, domain: str) -> DeviceRequest | None:
    """Return the request of the other device that is answered, if one is."""
    answer = challenge_request.device
    if answer is None:
        return None
    device = states.find(answer.id, domain)
    if device is None:
        raise DeviceRequestOver
    states.check_number(device, answer.number)
    return device


@contextmanager
def taken_challenge(request: HttpRequest, handle: str) -> Iterator[Pending | None]:
    """Give the block a pending challenge, and use it up: it cannot be used again, whatever happens.

    ``None`` if there is none. The block calls ``claim``.
    """
    with stash.taken(request, handle) as pending:
        if pending is not None:
            state = pending.login_state
            process = state.get("device_process", state["process"])
            events.set_wallet(pending.challenge.wallet, process)
        yield pending


def claim(pending: Pending | None) -> Pending | None:
    """Return the challenge if this request is the only one that may use it, else ``None``.

    Sessions do not lock, and a session in a cookie can be replayed, but ``cache.add`` is atomic in
    every cache that processes share.
    """
    if pending is None:
        return None
    digest = sha256(pending.challenge.nonce.encode()).hexdigest()
    with cache_must_answer():
        if cache.add(f"allauth_moralis:claimed:{digest}", 1, timeout=stash.KEEP_EXPIRED):
            return pending
    cache_must_keep()
    return None


@sensitive_variables("posted", "proof", "verified")
def complete_login(
    request: HttpRequest, handle: str, pending: Pending | None, posted: Mapping[str, str]
) -> HttpResponseBase | None:
    """Verify the proof of a ``taken_challenge``, and hand the wallet over to allauth.

    Return ``None`` if it was for another device, where it goes on. A refusal is remembered: people
    who reload the page that shows it post the same proof again, and should read the same refusal
    again rather than that the challenge was used.
    """
    claimed = None
    try:
        claimed = claim(pending)
        if claimed is None and (refusal := stash.remembered_refusal(request, handle, posted)):
            raise refusal
        proof = parse_proof(posted)
        verified, state = verify_proof(request, claimed, proof, finishes=True)
        if state["process"] == DEVICE:
            approve_device(request, state["device"], verified)
            return None
        return finish(request, verified, state)
    except WalletError as error:
        # Not if another request was faster: that one's refusal counts.
        if claimed is not None or (pending is not None and isinstance(error, StorageUnavailable)):
            stash.remember_refusal(request, handle, posted, error)
        raise


@sensitive_variables("verified")
def approve_device(request: HttpRequest, device_id: str, verified: VerifiedWallet) -> None:
    """Let another device have the wallet. Whoever is signed in on this one stays as they are."""
    device = states.find(device_id, domain_of(request))
    if device is None:
        raise DeviceRequestOver
    states.approve(device, verified)


@sensitive_variables("verified")
def finish(
    request: HttpRequest, verified: VerifiedWallet, state: dict[str, Any]
) -> HttpResponseBase:
    """Sign in, link or confirm with a wallet that was verified, as ``state`` says."""
    if state["process"] == REAUTHENTICATE:
        confirm(request, verified.wallet)
        return resume(request, state.get("next"), home.after_sign_in())
    if state["process"] == AuthProcess.CONNECT:
        return _link(request, verified, state)
    response = _hand_over(request, _social_login(request, verified, state))
    return stages.skip_without_address(request) or response


@sensitive_variables("verified", "sociallogin")
def _link(
    request: HttpRequest, verified: VerifiedWallet, state: dict[str, Any]
) -> HttpResponseBase:
    sociallogin = _social_login(request, verified, state)
    try:
        require_for_linking(request)
    except ReauthenticationRequired:
        return _link_again(sociallogin)
    if renew_evidence(request, sociallogin):
        return _say_linked_already(request, sociallogin)
    response = _hand_over(request, sociallogin)
    _explain_collision(request, sociallogin)
    return response


@sensitive_variables("sociallogin")
def _hand_over(request: HttpRequest, sociallogin: WalletLogin) -> HttpResponseBase:
    # All of it or nothing: allauth's sign-up writes the user, the account and the addresses.
    sociallogin.is_in_transaction = True
    try:
        with writing():
            response: HttpResponseBase = complete_social_login(request, sociallogin)
    except Misconfigured:
        # The site's own rows may have been refused because another browser has just written them.
        if not rows_of(sociallogin.account).exists():
            raise
        return back_to_the_wallet(request, str(HAS_ACCOUNT))
    return response


def back_to_the_wallet(request: HttpRequest, message: str) -> HttpResponseRedirect:
    """Redirect to the wallet page, where people read why they have to sign in again."""
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    return HttpResponseRedirect(reverse("moralis_login"))


@sensitive_variables("verified", "sociallogin")
def _social_login(
    request: HttpRequest, verified: VerifiedWallet, state: dict[str, Any]
) -> WalletLogin:
    provider = get_adapter().get_provider(request, PROVIDER_ID)
    sociallogin: WalletLogin = provider.sociallogin_from_response(request, verified)
    sociallogin.state = dict(state)
    return sociallogin


@sensitive_variables("proof", "verified")
def verify_proof(
    request: HttpRequest, pending: Pending | None, proof: Proof, *, finishes: bool = False
) -> tuple[VerifiedWallet, dict[str, Any]]:
    """Return the evidence that the wallet is this visitor's, and the state of their login.

    Raise a ``WalletError`` if the proof is refused. ``finishes`` says that the caller completes the
    login within ``taken_challenge``.
    """
    if pending is None:
        check_rate(request, "verify", conf.current().limits, key="")
        raise ChallengeMissing
    settings, process = conf.current(), pending.login_state["process"]
    check_rate(request, "verify", settings.limits, key=pending.challenge.wallet.address)
    if pending.expired:
        raise ChallengeExpired
    backend = verifying_backend(pending.challenge.issued_by)
    if backend is None:
        raise ChallengeMissing("issued by another backend")
    # A sign-in changes the session's key, and what was stored under the old one is gone. But asking
    # a service or a node may take seconds, in which the visitor can sign out.
    is_brief = process == AuthProcess.LOGIN and not backend.is_remote and not settings.rpc
    if not (finishes and is_brief) and not stash.save_now(request):
        raise ChallengeMissing("the session ended")
    try:
        verified = backend.verify(pending.challenge, proof)
    finally:
        if backend.is_remote or calls.latest():  # a node was asked
            stash.refresh(request)
    reports.hide(request, verified.proof.signature)
    events.wallet_verified(request, verified, process)
    return verified, pending.login_state


def domain_of(request: HttpRequest) -> str:
    """Return the domain that the text names, with its port if it is not the scheme's default.

    It is in lower case and without a trailing dot, so that it equals the page's origin, with which
    wallets compare it (EIP-4361).
    """
    if domain := conf.current().domain:
        return domain
    name, port = split_domain_port(request.get_host())
    if len(name) > MAX_NAME or (port and not is_port(port)):  # Django checks neither
        raise InvalidRequest("the Host header names no host")
    return name if port in ("", "443" if request.is_secure() else "80") else f"{name}:{port}"


def is_port(digits: str) -> bool:
    is_number = re.fullmatch(r"[1-9][0-9]{0,4}", digits, re.ASCII) is not None
    return is_number and int(digits) <= MAX_PORT


def login_state(request: HttpRequest, purpose: Purpose) -> dict[str, Any]:
    """Return what becomes allauth's ``SocialLogin.state``."""
    if purpose.state is None:
        state: dict[str, Any] = {"process": purpose.process}
        if purpose.next:
            state["next"] = purpose.next
    else:
        state = _redirect_state(request, purpose.state)
    if allauth_settings.HEADLESS_ONLY:
        # The site has none of allauth's pages: end where its front end can find out how it went.
        state.setdefault("next", home.after_sign_in())
        state["headless"] = True
    return state


def _redirect_state(request: HttpRequest, state_id: str) -> dict[str, Any]:
    """Return the state that ``provider.redirect()`` stashed, and keep it for another request."""
    provider = get_adapter().get_provider(request, PROVIDER_ID)
    try:
        state: dict[str, Any] = provider.unstash_redirect_state(request, state_id)
        rest = {key: value for key, value in state.items() if key != "next"}
        provider.stash_redirect_state(
            request, next_url=state.get("next"), state_id=state_id, **rest
        )
    except PermissionDenied:
        raise InvalidRequest("unknown state") from None
    except UpdateError:  # another tab has just signed this visitor out
        raise InvalidRequest("the session ended") from None
    return state


def _link_again(sociallogin: WalletLogin) -> HttpResponseBase:
    """Redirect to the wallet page, where people reauthenticate before their wallet signs again.

    allauth would keep the link in the session until they have reauthenticated, for whatever reason.
    By then somebody else may be at the browser, or the wallet may have been removed.
    """
    next_url = sociallogin.state.get("next", "")
    if sociallogin.is_headless:
        return _tell_front_end(next_url, "reauthentication_required")
    query = {"process": AuthProcess.CONNECT, "next": next_url}
    given = urlencode({name: value for name, value in query.items() if value})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{given}")


def _tell_front_end(next_url: str, error: str) -> HttpResponseBase:
    """Redirect in the way in which allauth reports errors to a front end."""
    why = {"error": error, "error_process": AuthProcess.CONNECT}
    separator = "&" if "?" in next_url else "?"
    return HttpResponseRedirect(f"{next_url}{separator}{urlencode(why)}")


def renew_evidence(request: HttpRequest, sociallogin: WalletLogin) -> bool:
    """Store the new evidence of a wallet that the user has already, and return whether they do."""
    if not has_wallet(request.user, uid=sociallogin.account.uid):
        return False
    sociallogin.lookup()
    return True


def _say_linked_already(request: HttpRequest, sociallogin: WalletLogin) -> HttpResponseBase:
    """Say so, and what to do. allauth would say that the account was connected."""
    next_url = sociallogin.get_redirect_url(request)
    if sociallogin.is_headless:
        return _tell_front_end(next_url or "", WalletAlreadyLinked.code)
    message = str(WalletAlreadyLinked.message)
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    account = sociallogin.account
    return HttpResponseRedirect(
        next_url or get_adapter().get_connect_redirect_url(request, account)
    )


def _explain_collision(request: HttpRequest, sociallogin: WalletLogin) -> None:
    """Say what to do about a wallet of another account, because allauth's own message does not."""
    if sociallogin.account.user_id == request.user.pk or sociallogin.is_headless:
        return
    message = _(
        "This wallet already opens another account. To link it here, first sign in with it and "
        "remove it from that account, which needs another way in. Then come back and link it."
    )
    get_account_adapter().add_message(request, messages.WARNING, message=str(message))
