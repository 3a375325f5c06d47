"""The story: issue a challenge, complete a login. No status codes, no cryptography."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.http.request import split_domain_port
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from .. import conf
from ..backends import issuer, judge
from ..conf import PROVIDER_ID
from ..exceptions import (
    BY_CODE,
    ChallengeExpired,
    ChallengeMissing,
    InvalidRequest,
    LoginRequired,
    WalletError,
)
from ..forms import ChallengeRequest
from ..reauthentication import REAUTHENTICATE, confirm, require_for_linking, resume
from ..siwx.text import timestamp
from ..siwx.wallets import Challenge, Proof, SignIn, VerifiedWallet
from . import events, stages, stash
from .allauth_private import cache_must_answer, check_rate
from .sociallogin import WalletLogin
from .stash import Pending

MAX_PORT_DIGITS = 5


def issue_challenge(request: HttpRequest, asked: ChallengeRequest) -> tuple[str, Pending]:
    """Have a text made for the wallet to sign; returns its handle and what waits for the answer.

    The same for an address that has an account here and for one that has none.
    """
    events.concerns(asked.wallet)
    state = _state(request, asked)
    _check_process(request, state["process"])
    check_rate(request, "challenge", conf.current().limits, key=asked.wallet.address)
    expires = datetime.now(UTC) + timedelta(seconds=conf.current().challenge_ttl)
    domain = domain_of(request)
    backend = issuer()
    challenge = backend.request_challenge(
        SignIn(
            wallet=asked.wallet,
            domain=domain,
            uri=f"{request.scheme}://{domain}/",
            chain_id=asked.chain_id,
            statement=conf.current().statement_for(state["process"], domain),
            expiration_time=timestamp(expires),
        )
    )
    pending = Pending(
        challenge=challenge,
        state=state,
        expires_at=expires.timestamp(),
        redirect_state=asked.state,
    )
    if backend.is_remote:
        stash.refresh(request)
    handle = stash.put(request, pending)
    events.challenge_issued(request, challenge, state["process"])
    return handle, pending


def _check_process(request: HttpRequest, process: str) -> None:
    """Raise where nobody is there for it, or where one confirms first: nobody signs in vain."""
    if process == AuthProcess.CONNECT:
        require_for_linking(request)
    elif process != AuthProcess.LOGIN and not request.user.is_authenticated:
        raise LoginRequired


def take_challenge(request: HttpRequest, handle: str) -> Pending | None:
    """Use the challenge up. Whatever comes next, it cannot be answered again."""
    pending = stash.take(request, handle)
    if pending is None:
        return None
    events.concerns(pending.challenge.wallet)
    return pending if _claim(pending.challenge) else None


@sensitive_variables("proof", "verified")
def complete_login(
    request: HttpRequest, handle: str, pending: Pending | None, proof: Proof
) -> HttpResponseBase:
    """Judge the answer to a challenge that was taken, and hand the wallet over to allauth.

    A refusal is remembered: who reloads the page that tells of it sends the same once more, and is
    told the same, and not that the challenge was used.
    """
    if pending is None and (code := stash.refusal(request, handle, proof)):
        raise BY_CODE[code]
    try:
        verified, state = judge_answer(request, pending, proof)
        if state["process"] == REAUTHENTICATE:
            confirm(request, verified.wallet.address)
    except WalletError as error:
        if pending is not None:
            stash.remember_refusal(request, handle, proof, error.code)
        raise
    if state["process"] == REAUTHENTICATE:
        return resume(request, state.get("next"), resolve_url(settings.LOGIN_REDIRECT_URL))
    provider = get_adapter().get_provider(request, PROVIDER_ID)
    sociallogin = provider.sociallogin_from_response(request, verified)
    sociallogin.state = dict(state)
    return _hand_over(request, sociallogin)


@sensitive_variables("proof", "verified")
def judge_answer(
    request: HttpRequest, pending: Pending | None, proof: Proof
) -> tuple[VerifiedWallet, dict[str, Any]]:
    """The evidence that the wallet is this visitor's, and what they want with it."""
    key = pending.challenge.wallet.address if pending else ""
    check_rate(request, "verify", conf.current().limits, key=key)
    if pending is None:
        raise ChallengeMissing
    if pending.expired:
        raise ChallengeExpired
    backend = judge(pending.challenge.issued_by)
    if backend is None:
        raise ChallengeMissing("issued by another backend")
    try:
        verified = backend.verify(pending.challenge, proof)
    finally:
        if backend.is_remote:
            stash.refresh(request)
    events.wallet_verified(request, verified, pending.state["process"])
    return verified, pending.state


def domain_of(request: HttpRequest) -> str:
    """The domain that the text names, with its port where it is not the scheme's own.

    Lower case and without a trailing dot, so that wallets, which compare it with the page's
    origin (EIP-4361), find it equal.
    """
    if domain := conf.current().domain:
        return domain
    name, port = split_domain_port(request.get_host())
    if len(port) > MAX_PORT_DIGITS:  # Django lets it pass
        raise InvalidRequest("the port of the Host header is none")
    return name if port in ("", "443" if request.is_secure() else "80") else f"{name}:{port}"


def _state(request: HttpRequest, asked: ChallengeRequest) -> dict[str, Any]:
    """What allauth is to know of this login, in the form of its own ``SocialLogin.state``."""
    if asked.state is None:
        state: dict[str, Any] = {"process": asked.process}
        if asked.next:
            state["next"] = asked.next
    else:
        state = _redirect_state(request, asked.state)
    if allauth_settings.HEADLESS_ONLY:
        # The site has none of allauth's pages: end where its front end can ask how it went.
        state.setdefault("next", resolve_url(settings.LOGIN_REDIRECT_URL))
        state["headless"] = True
    return state


def _redirect_state(request: HttpRequest, state_id: str) -> dict[str, Any]:
    """The state that ``provider.redirect()`` stashed; kept, for the page may ask again."""
    provider = get_adapter().get_provider(request, PROVIDER_ID)
    try:
        state: dict[str, Any] = provider.unstash_redirect_state(request, state_id)
        rest = {key: value for key, value in state.items() if key != "next"}
        provider.stash_redirect_state(
            request, next_url=state.get("next"), state_id=state_id, **rest
        )
    except PermissionDenied:
        raise InvalidRequest("unknown state") from None
    except UpdateError:  # another tab signed this visitor out meanwhile
        raise InvalidRequest("the session ended") from None
    return state


def _claim(challenge: Challenge) -> bool:
    """Whether this request is the one that may answer a challenge.

    Sessions do not lock, and one that lives in a cookie can be sent again; ``cache.add`` is
    atomic in every cache that processes share.
    """
    digest = sha256(challenge.nonce.encode()).hexdigest()
    with cache_must_answer():
        return bool(cache.add(f"allauth_moralis:claimed:{digest}", 1, timeout=stash.KEEP_EXPIRED))


@sensitive_variables("sociallogin")
def _hand_over(request: HttpRequest, sociallogin: WalletLogin) -> HttpResponseBase:
    links = sociallogin.state["process"] == AuthProcess.CONNECT
    if links:
        try:
            require_for_linking(request)
        except ReauthenticationRequired:
            return _link_again(sociallogin)
    # All of it or nothing: allauth's sign-up writes the user, the account and the addresses.
    with transaction.atomic(using=router.db_for_write(SocialAccount)):
        response: HttpResponseBase = complete_social_login(request, sociallogin)
    if links:
        _explain_collision(request, sociallogin)
        return response
    return stages.pass_without_address(request) or response


def _link_again(sociallogin: WalletLogin) -> HttpResponseBase:
    """Back to the wallet page, which has people confirm that it is them before a wallet signs.

    allauth would keep the link in the session until they have, and carry it out after whatever
    confirmation comes next; by then somebody else may sit there, or the wallet be removed.
    """
    next_url = sociallogin.state.get("next", "")
    if sociallogin.is_headless:  # as allauth tells the front end that it led away from
        why = {"error": "reauthentication_required", "error_process": AuthProcess.CONNECT}
        separator = "&" if "?" in next_url else "?"
        return HttpResponseRedirect(f"{next_url}{separator}{urlencode(why)}")
    query = {"process": AuthProcess.CONNECT, "next": next_url}
    given = urlencode({name: value for name, value in query.items() if value})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{given}")


def _explain_collision(request: HttpRequest, sociallogin: WalletLogin) -> None:
    """What allauth's own words, "connected to a different account", leave a person wondering."""
    if sociallogin.account.user_id == request.user.pk or sociallogin.is_headless:
        return
    message = _(
        "This wallet already opens another account. To link it here, first sign in with it and "
        "remove it from that account, which needs another way in. Then come back and link it."
    )
    get_account_adapter().add_message(request, messages.WARNING, message=str(message))
