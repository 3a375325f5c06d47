"""Users who have a wallet, stored exactly as a sign-in stores them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from allauth.core import context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import RequestFactory

from .. import conf
from ..backends.local import LocalBackend, evidence
from ..receivers import propose_username
from ..siwx.text import timestamp
from ..siwx.wallets import CONTRACT, EVM, MessageFields, Proof, VerifiedWallet, Wallet
from .contract_wallets import ContractWallet
from .wallets import EvmWallet, SigningWallet

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def create_wallet_user(wallet: SigningWallet | None = None, **attributes: Any) -> Any:
    """Create the user that the first sign-in with this wallet would create, and return it.

    Without ``wallet`` a new EVM wallet is used. ``attributes`` are set on the user before it is
    saved. No signals are sent.
    """
    request = _request()
    with context.request_context(request):
        login = _social_login(request, wallet, "login")
        propose_username(request, login)
        for name, value in attributes.items():
            setattr(login.user, name, value)
        return get_adapter().save_user(request, login)


def link_wallet(user: AbstractBaseUser, wallet: SigningWallet | None = None) -> SocialAccount:
    """Link a wallet, by default a new EVM wallet, to a user. No signals are sent."""
    request = _request()
    with context.request_context(request):
        account: SocialAccount = _social_login(request, wallet, "connect").account
    account.user = cast("User", user)  # of the site's own user model
    account.save()
    return account


def verify_wallet(
    wallet: SigningWallet, *, process: str = "login", domain: str = "testserver"
) -> VerifiedWallet:
    """Have a wallet sign a text of this site, and return what the embedded verifier returns.

    No node is asked about a ``ContractWallet``: its contract need not be anywhere yet.
    """
    expires = datetime.now(UTC) + timedelta(seconds=conf.current().challenge_ttl)
    backend = LocalBackend()
    given = wallet.described
    challenge = backend.request_challenge(
        MessageFields(
            wallet=Wallet.parse(given["network"], given["address"], given.get("public_key")),
            domain=domain,
            uri=f"http://{domain}/",
            chain_id=int(given.get("chain_id", 1)) if wallet.network == EVM else None,
            statement=conf.current().statement_for(process, domain),
            expiration_time=timestamp(expires),
        )
    )
    proof = Proof(**wallet.prove(challenge.message))
    if not isinstance(wallet, ContractWallet):
        return backend.verify(challenge, proof)
    return evidence(challenge, proof, CONTRACT)  # as its node would say


def _social_login(request: HttpRequest, wallet: SigningWallet | None, process: str) -> Any:
    verified = verify_wallet(
        wallet or EvmWallet(), process=process, domain=conf.current().domain or "testserver"
    )
    provider = get_adapter().get_provider(request, conf.PROVIDER_ID)
    return provider.sociallogin_from_response(request, verified)


def _request() -> HttpRequest:
    """Return an anonymous visitor's request, for allauth and a site's own adapters to look at."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.session = SessionBase()
    return request
