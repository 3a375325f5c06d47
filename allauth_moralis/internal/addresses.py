"""E-mail addresses of accounts that a wallet opens.

Whoever controls a mailbox must never end up in an account that somebody else's wallet opens. So an
address that was added to such an account and that nobody has confirmed opens nothing: no mail lets
its reader in, its link confirms only where the wallet was proven, and it does not stand in the way
of its owner's own sign-up. What was confirmed before is its owner's, wallet and address alike.
"""

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.utils import user_email
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest

from ..conf import PROVIDER_ID
from .sociallogin import empty_email

#: Mails by which one gets into an account, by the names of their templates.
LETS_IN = (
    "account/email/password_reset_key",
    "account/email/password_reset_code",
    "account/email/login_code",
)


def is_theirs(request: HttpRequest, user: AbstractBaseUser) -> bool:
    """Whether whoever is at this browser has proven that ``user`` is their account.

    They are signed in, or are about to be, by a wallet of theirs.
    """
    if request.user.is_authenticated and request.user.pk == user.pk:
        return True
    records = get_authentication_records(request, user)
    return any(record.get("provider") == PROVIDER_ID for record in records)


def may_confirm(request: HttpRequest, address: EmailAddress) -> bool:
    """Whether an address may be confirmed from this browser, by who can read its mail."""
    return not _has_wallet(address.user) or is_theirs(request, address.user)


def opens_a_strangers(request: HttpRequest, email: str, user: AbstractBaseUser | None) -> bool:
    """Whether a mail that lets its reader in would let them into somebody else's wallet's account.

    ``user`` is whose account it is, where that is known; else it may be any that has the address.
    """
    addresses = EmailAddress.objects.filter(email=email.lower())
    if user is not None:
        confirmed = addresses.filter(user_id=user.pk, verified=True).exists()
        return not confirmed and _has_wallet(user) and not is_theirs(request, user)
    if addresses.filter(verified=True).exists():
        return False
    return any(not is_theirs(request, address.user) for address in _waiting(email))


def release(email: str) -> None:
    """Take an address that waits unconfirmed away from accounts that a wallet opens."""
    for address in _waiting(email):
        user = address.user
        address.delete()
        if user_email(user) == email.lower():
            user_email(user, empty_email(), commit=True)


def pending_user(request: HttpRequest) -> AbstractBaseUser | None:
    """Who has signed in by a wallet here, and waits until an address is confirmed."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    user: AbstractBaseUser | None = stage.login.user if stage else None
    return user if user is not None and is_theirs(request, user) else None


def unconfirmed(user: AbstractBaseUser) -> EmailAddress | None:
    """The address that waits to be confirmed, where the user has no confirmed one."""
    addresses = EmailAddress.objects.filter(user_id=user.pk)
    if any(address.verified for address in addresses):
        return None
    return next(iter(addresses), None)


def correct(request: HttpRequest, user: AbstractBaseUser, email: str) -> None:
    """Put ``email`` in the place of an address that nobody ever confirmed, and mail its link."""
    EmailAddress.objects.filter(user_id=user.pk, verified=False).delete()
    EmailAddress.objects.add_email(request, user, email, confirm=True).set_as_primary()


def _waiting(email: str) -> QuerySet[EmailAddress]:
    """Where an address waits unconfirmed on an account that a wallet opens."""
    wallets = SocialAccount.objects.filter(provider=PROVIDER_ID).values("user_id")
    waiting: QuerySet[EmailAddress] = EmailAddress.objects.filter(
        email=email.lower(), verified=False, user_id__in=wallets
    ).select_related("user")
    return waiting


def _has_wallet(user: AbstractBaseUser) -> bool:
    rows = SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID)
    return bool(rows.exists())
