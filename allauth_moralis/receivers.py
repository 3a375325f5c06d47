"""Receivers of the signals of allauth and Django. Importing this module connects them."""

from contextlib import suppress
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.signals import user_logged_in, user_signed_up
from allauth.account.utils import user_username
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import (
    pre_social_login,
    social_account_added,
    social_account_removed,
)
from allauth.utils import get_username_max_length
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in as django_user_logged_in
from django.core.exceptions import ValidationError
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import reauthentication
from .conf import PROVIDER_ID
from .internal import addresses, disconnect
from .internal.sociallogin import FREE_USERNAME
from .siwx.wallets import Wallet

#: What people read about a contract wallet that signed up, and about one that was linked.
NEW_USER = _(
    "A new account was made for your wallet on %(chain)s. The same address on another chain counts "
    "as another wallet. If you had an account here before, sign out, switch your wallet to the "
    "chain that you used then, and sign in again."
)
NEW_WALLET = _(
    "The wallet that you linked is the one on %(chain)s. The same address on another chain counts "
    "as another wallet."
)


@receiver(pre_social_login, dispatch_uid="allauth_moralis.propose_username")
def propose_username(request: HttpRequest, sociallogin: SocialLogin, **_kwargs: Any) -> None:
    """Name a new user after the wallet's address.

    The provider's ``extract_common_fields`` is not the place for it: there a name that is taken
    would be replaced by a bare "user", and finding a free one would cost every returning user a
    query.
    """
    if (
        sociallogin.account.provider == PROVIDER_ID
        and sociallogin.account.pk is None  # the user's may be a UUID from the start
        and sociallogin.state.get("process") != AuthProcess.CONNECT
        and account_settings.USER_MODEL_USERNAME_FIELD
        and not user_username(sociallogin.user)  # the site's adapter knew better
    ):
        name = _free_username(request, Wallet.from_uid(sociallogin.account.uid).address)
        user_username(sociallogin.user, name)
        setattr(request, FREE_USERNAME, name)


def _free_username(request: HttpRequest, address: str) -> str:
    """Return a name that nobody has: nearly always the address, so it is asked for first.

    allauth asks for several at once. Where it compares without regard to case, which no index of
    Django's helps with, each of them is compared with that of every user.
    """
    adapter = get_account_adapter(request)
    name = address.lower()
    rule = type(adapter).generate_unique_username
    longest = get_username_max_length() or len(name)
    is_allauths = rule is DefaultAccountAdapter.generate_unique_username
    if is_allauths and account_settings.USERNAME_MIN_LENGTH <= len(name) <= longest:
        with suppress(ValidationError):  # taken, or not to the site's liking
            cleaned: str = adapter.clean_username(name)
            return cleaned
    free: str = adapter.generate_unique_username([address, "wallet"])
    return free


@receiver(pre_social_login, dispatch_uid="allauth_moralis.release_addresses")
def release_addresses(sociallogin: SocialLogin, **_kwargs: Any) -> None:
    """Whoever signs up by another provider, which confirmed the address, is its owner."""
    confirmed = [address.email for address in sociallogin.email_addresses if address.verified]
    # A wallet has none, and its sign-in asks the database nothing more.
    if not confirmed or sociallogin.state.get("process") == AuthProcess.CONNECT:
        return
    if not sociallogin.is_existing:
        for email in confirmed:
            addresses.release(email)


@receiver(django_user_logged_in, dispatch_uid="allauth_moralis.remember_sign_in")
def remember_sign_in(request: HttpRequest | None, **_kwargs: Any) -> None:
    """Remember a sign-in. Django sends this signal for each of them, even without allauth."""
    if request is not None and hasattr(request, "session"):
        reauthentication.remember_sign_in(request)


@receiver(user_logged_in, dispatch_uid="allauth_moralis.remember_wallet")
def remember_wallet(
    request: HttpRequest, sociallogin: SocialLogin | None = None, **_kwargs: Any
) -> None:
    """Remember the wallet that somebody signed in with: signing in proves it."""
    if sociallogin is not None and sociallogin.account.provider == PROVIDER_ID:
        reauthentication.remember(request, sociallogin.account.uid)


@receiver(user_signed_up, dispatch_uid="allauth_moralis.name_chain_of_new_user")
def name_chain_of_new_user(
    request: HttpRequest, sociallogin: SocialLogin | None = None, **_kwargs: Any
) -> None:
    """Tell people who may have expected their own account why they got a new one."""
    if sociallogin is not None:
        _name_chain(request, sociallogin, NEW_USER)


@receiver(social_account_added, dispatch_uid="allauth_moralis.name_chain_of_new_wallet")
def name_chain_of_new_wallet(
    request: HttpRequest, sociallogin: SocialLogin, **_kwargs: Any
) -> None:
    """Tell people that they can sign in with what they linked on this one chain only."""
    _name_chain(request, sociallogin, NEW_WALLET)


def _name_chain(request: HttpRequest, sociallogin: SocialLogin, sentence: Promise) -> None:
    """Say of which chain a new contract wallet is.

    It is said of each, so that it does not tell whether the address has an account on another one.
    """
    account = sociallogin.account
    if account.provider != PROVIDER_ID or sociallogin.is_headless:
        return
    wallet = account.get_provider_account()
    if wallet.wallet.chain_id is not None:
        message = str(sentence) % {"chain": wallet.network_name}
        get_account_adapter().add_message(request, messages.INFO, message=message)


@receiver(social_account_removed, dispatch_uid="allauth_moralis.forget_wallet")
def forget_wallet(request: HttpRequest, socialaccount: SocialAccount, **_kwargs: Any) -> None:
    """Forget a wallet that was removed from the account."""
    if socialaccount.provider == PROVIDER_ID:
        reauthentication.forget(request, socialaccount.uid)


@receiver(pre_delete, sender=SocialAccount, dispatch_uid="allauth_moralis.keep_a_way_in")
def keep_a_way_in(instance: SocialAccount, using: str, **_kwargs: Any) -> None:
    """Guard the last way in. Django sends this signal within the transaction that deletes."""
    disconnect.keep_a_way_in(instance, using)
