"""E-mail addresses of accounts that a wallet opens.

Control of a mailbox must never lead into an account that somebody else's wallet opens. So an
address that was added to such an account, but never confirmed, opens nothing: no e-mail lets its
reader in, its link confirms only in a browser in which the wallet was proven, and it does not stand
in the way of its owner's own sign-up. Once confirmed, it belongs to the account like the wallet.
"""

import time

from allauth.account import app_settings as account_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.utils import user_email
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest

from ..conf import PROVIDER_ID
from .sociallogin import email_must_be_unique, empty_email

#: What an address ends in that stands for none.
NO_ADDRESS = "@no-address.invalid"

#: E-mails that let their reader into an account, by the names of their templates.
SIGN_IN_MAILS = (
    "account/email/password_reset_key",
    "account/email/password_reset_code",
    "account/email/login_code",
)


def is_owner(request: HttpRequest, user: AbstractBaseUser) -> bool:
    """Return whether the person at this browser has proven that ``user`` is their account.

    Either they are signed in to it, or they are about to be, by one of its wallets.
    """
    if request.user.is_authenticated and request.user.pk == user.pk:
        return True
    records = get_authentication_records(request, user)
    return any(record.get("provider") == PROVIDER_ID for record in records)


def may_confirm(request: HttpRequest, address: EmailAddress) -> bool:
    """Return whether the reader of an address's e-mail may confirm it in this browser."""
    return not _has_wallet(address.user) or is_owner(request, address.user)


def lets_a_stranger_in(request: HttpRequest, email: str, user: AbstractBaseUser | None) -> bool:
    """Return whether an e-mail would let its reader into the account of somebody else's wallet.

    ``user`` is the owner of the account, if known; otherwise any account with the address counts.
    """
    addresses = EmailAddress.objects.filter(email=email.lower())
    if user is not None:
        confirmed = addresses.filter(user_id=user.pk, verified=True).exists()
        return not confirmed and _has_wallet(user) and not is_owner(request, user)
    if addresses.filter(verified=True).exists():
        return False
    return any(not is_owner(request, address.user) for address in _unconfirmed(email))


def release(email: str) -> None:
    """Remove an unconfirmed address from all accounts that a wallet opens.

    Only where addresses must be confirmed: elsewhere they open an account unconfirmed, and whoever
    types one that is another's would take it.
    """
    if account_settings.EMAIL_VERIFICATION != EmailVerificationMethod.MANDATORY:
        return
    for address in _unconfirmed(email):
        user = address.user
        address.delete()
        if user_email(user) == email.lower():
            _clear(user)


def pending_user(request: HttpRequest) -> AbstractBaseUser | None:
    """Return the user who signed in with a wallet here, but must confirm an address first.

    ``None`` where the signature is not recent, for somebody else may sit there by now, and where an
    address was confirmed since.
    """
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    user: AbstractBaseUser | None = stage.login.user if stage else None
    if user is None or not _signed_recently(request, user):
        return None
    confirmed = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    return None if confirmed.exists() else user


def _signed_recently(request: HttpRequest, user: AbstractBaseUser) -> bool:
    since = time.time() - account_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, user)
    return any(record.get("provider") == PROVIDER_ID and record["at"] > since for record in records)


def unconfirmed(user: AbstractBaseUser) -> EmailAddress | None:
    """Return the address that a pending user is still to confirm, if there is one."""
    addresses = EmailAddress.objects.filter(user_id=user.pk, verified=False)
    return addresses.exclude(email__endswith=NO_ADDRESS).first()


def forget_unconfirmed(user: AbstractBaseUser) -> None:
    """Remove a pending user's addresses, none of which is confirmed; the site may allow but one."""
    EmailAddress.objects.filter(user_id=user.pk, verified=False).delete()
    _clear(user)


def add(request: HttpRequest, user: AbstractBaseUser, email: str) -> None:
    """Add an address, and send its confirmation link.

    It becomes the user's own once it is confirmed: until then it may be another user's, which the
    user model may not allow twice and which the answer must not tell.
    """
    EmailAddress.objects.add_email(request, user, email, confirm=True)


def _clear(user: AbstractBaseUser) -> None:
    """Take the address off the user itself."""
    empty = empty_email()
    if empty == "" and email_must_be_unique():
        # Each user must have one, so one that can never be anybody's (RFC 2606).
        empty = f"{user.pk}{NO_ADDRESS}"
    user_email(user, empty, commit=True)


def _unconfirmed(email: str) -> QuerySet[EmailAddress]:
    """Return the rows of an unconfirmed address, of accounts that a wallet opens."""
    wallets = SocialAccount.objects.filter(provider=PROVIDER_ID).values("user_id")
    rows: QuerySet[EmailAddress] = EmailAddress.objects.filter(
        email=email.lower(), verified=False, user_id__in=wallets
    ).select_related("user")
    return rows


def _has_wallet(user: AbstractBaseUser) -> bool:
    rows = SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID)
    return bool(rows.exists())
