"""Which ways into an account are open now, and the guard on the last of them.

This module is the one place of that policy: the guard, the warning on the profile page and a site's
own views all use ``ways_in``.

allauth's guard counts the connected accounts first and deletes one later: of two simultaneous
requests, each would count the one that the other is about to delete. So the ways are counted again
when one is deleted, in the same transaction and with their rows locked.
"""

from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.app_settings import EmailVerificationMethod, LoginMethod
from allauth.account.models import EmailAddress
from allauth.account.utils import user_username
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import (
    ImproperlyConfigured,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .. import conf
from ..conf import PROVIDER_ID
from ..siwx.wallets import NETWORKS, Wallet
from .allauth_private import is_headless
from .transactions import wait_for_turn

#: Attribute of a request: the primary key of the account that its user wants to disconnect.
DISCONNECTING = "allauth_moralis_disconnecting"

#: What the guard says, by code. The codes are those of allauth's own guard.
LAST_WAY_IN: dict[str, str | Promise] = {
    "disconnect_last": _(
        "This is the only way into your account. Add another one first: {wallet}link a wallet{end}."
    ),
    "no_password": _(
        "This is the only way into your account. Add another one first: {wallet}link a wallet{end}"
        ", or {email}add an e-mail address{end} and {password}set a password{end}."
    ),
    "no_verified_email": _(
        "This is the only way into your account. Add another one first: {wallet}link a wallet{end}"
        ", or {email}confirm an e-mail address{end}."
    ),
}


# --- What opens an account --------------------------------------------------------------------


def ways_in(user: AbstractBaseUser) -> list[str]:
    """Return the ways by which ``user`` can sign in now, as a list of strings.

    A connected account is listed by its uid. The others are ``"password"``, if the site accepts it
    together with a name that the user has; ``"email"``, a confirmed address, to which allauth sends
    a link to set a password; and ``"passkey"``. A second factor alone is not a way in.
    """
    return [account.uid for account in _accounts_that_open(user)] + ways_without_accounts(user)


def has_one_way_in(user: AbstractBaseUser) -> bool:
    """Return whether a single connected account, such as one wallet, is all that opens the account.

    Views can use it to warn people before they lose the wallet's key, as the template tag
    ``{% moralis_one_way_in %}`` does.
    """
    return _has_one_at_most(user, _accounts_that_open(user))


def has_only_a_wallet(user: AbstractBaseUser) -> bool:
    """Return whether a single wallet is all that opens the account."""
    accounts = _accounts_that_open(user)
    wallets = [account for account in accounts if account.provider == PROVIDER_ID]
    return bool(wallets) and _has_one_at_most(user, accounts)


def _has_one_at_most(user: AbstractBaseUser, accounts: list[SocialAccount]) -> bool:
    return len(accounts) <= 1 and not ways_without_accounts(user)


def _accounts_that_open(user: AbstractBaseUser) -> list[SocialAccount]:
    return [account for account in SocialAccount.objects.filter(user_id=user.pk) if opens(account)]


def opens(account: SocialAccount) -> bool:
    """Return whether a connected account can sign in: its provider is still offered."""
    if account.provider == PROVIDER_ID:
        return _wallet_opens(account)
    try:
        account.get_provider(context.request)
    except (ObjectDoesNotExist, MultipleObjectsReturned, ImproperlyConfigured):
        # The provider was uninstalled, or has no SocialApp.
        return False
    return True


def _wallet_opens(account: SocialAccount) -> bool:
    """Return whether a wallet's network is offered and, if it is a contract, its chain."""
    wallet, settings = Wallet.from_uid(account.uid), conf.current()
    data = account.extra_data if isinstance(account.extra_data, dict) else {}
    network = data.get("network")
    if (network if network in NETWORKS else wallet.network) not in settings.networks:
        return False
    chain_id = wallet.chain_id
    return chain_id is None or (chain_id in settings.rpc and settings.allows_chain(chain_id))


def ways_without_accounts(user: AbstractBaseUser) -> list[str]:
    """Return the ways into an account other than its connected accounts."""
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return []
    found = []
    addresses = list(EmailAddress.objects.filter(user_id=user.pk))
    if user.has_usable_password() and _has_name(user, addresses):
        found.append("password")
    if any(address.verified for address in addresses):
        found.append("email")
    if _has_passkey(user):
        found.append("passkey")
    return found


def _has_name(user: AbstractBaseUser, addresses: list[EmailAddress]) -> bool:
    """Return whether the user has a name that the site accepts together with a password."""
    methods = account_settings.LOGIN_METHODS
    confirmed = any(address.verified for address in addresses)
    must_be_confirmed = account_settings.EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY
    if must_be_confirmed and addresses and not confirmed:
        return False
    return bool(
        (LoginMethod.USERNAME in methods and user_username(user))
        or (LoginMethod.EMAIL in methods and addresses)
        or (LoginMethod.PHONE in methods and get_account_adapter().get_phone(user))
    )


def _has_passkey(user: AbstractBaseUser) -> bool:
    if not allauth_settings.MFA_ENABLED:
        return False
    from allauth.mfa import app_settings  # noqa: PLC0415 - its models are there only where it is installed
    from allauth.mfa.models import Authenticator  # noqa: PLC0415 - as above

    if not app_settings.PASSKEY_LOGIN_ENABLED:
        return False
    keys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return any(key.wrap().is_passwordless for key in keys)


# --- The guard on the last way in -------------------------------------------------------------


def refusal_code(account: SocialAccount, others: list[SocialAccount]) -> str | None:
    """Return the code of why ``account`` may not be disconnected, or ``None`` if it may.

    ``others`` are the user's other connected accounts.
    """
    user = account.user
    if any(map(opens, others)) or ways_without_accounts(user):
        return None
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return "disconnect_last"
    return "no_verified_email" if user.has_usable_password() else "no_password"


def mark(account: SocialAccount) -> None:
    """Mark the current request: its user wants to disconnect ``account``.

    Deletions without the mark, such as an operator's in the admin, are not guarded.
    """
    if context.request is not None:
        setattr(context.request, DISCONNECTING, account.pk)


def keep_a_way_in(instance: SocialAccount, using: str) -> None:
    """Refuse to delete ``instance`` if it is the last way in. Call it within the transaction.

    Raise ``ImmediateHttpResponse``, with the response to the request.
    """
    request = context.request
    if request is None or getattr(request, DISCONNECTING, None) != instance.pk:
        return
    wait_for_turn(using)
    # Against deadlocks: always in the same order, and without the user's row, which a sign-in
    # writes while it holds one of these.
    rows = SocialAccount.objects.using(using).filter(user_id=instance.user_id).order_by("pk")
    others = [row for row in rows.select_for_update() if row.pk != instance.pk]
    if code := refusal_code(instance, others):
        raise ImmediateHttpResponse(_refuse(request, code))


def _refuse(request: HttpRequest, code: str) -> HttpResponse:
    sentence = without_links(str(LAST_WAY_IN[code]))
    if is_headless(request):
        from allauth.headless.base.response import APIResponse  # noqa: PLC0415 - not every site has it

        errors = [{"code": code, "message": sentence}]
        response: HttpResponse = APIResponse(request, errors=errors, status=400)
        return response
    get_account_adapter().add_message(request, messages.ERROR, message=sentence)
    return HttpResponseRedirect(reverse("socialaccount_connections"))


# --- What people are told ---------------------------------------------------------------------


def with_links(text: str) -> SafeString:
    """Return a sentence of ``LAST_WAY_IN`` with links to what it suggests, as HTML."""
    return format_html(
        text,
        wallet=_link("moralis_login", "?process=connect"),
        email=_link("account_email"),
        password=_link("account_set_password"),
        end=SafeString("</a>"),
    )


def without_links(text: str) -> str:
    """Return a sentence of ``LAST_WAY_IN`` as plain text."""
    values: dict[str, Any] = dict.fromkeys(("wallet", "email", "password", "end"), "")
    return text.format(**values)


def _link(name: str, query: str = "") -> SafeString:
    try:
        url = reverse(name)
    except NoReverseMatch:  # the site is headless, or does not have this page
        return SafeString("<a>")
    return format_html('<a href="{}{}">', url, query)
