"""Which ways lead into an account, and what people are told before the last one is gone."""

from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.app_settings import EmailVerificationMethod, LoginMethod
from allauth.account.models import EmailAddress
from allauth.account.utils import user_username
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

#: By the codes of allauth's guard, which counts passwords and connected accounts, and no passkeys.
LAST_WAY_IN: dict[str, str | Promise] = {
    "disconnect_last": _(
        "This is the last way into your account. {wallet}Link another wallet{end} first."
    ),
    "no_password": _(
        "This is the last way into your account. {wallet}Link another wallet{end}, or "
        "{email}add an e-mail address{end} and {password}set a password{end} first."
    ),
    "no_verified_email": _(
        "This is the last way into your account. {wallet}Link another wallet{end}, or "
        "{email}confirm an e-mail address{end} first."
    ),
}


def has_one_way_in(user: AbstractBaseUser) -> bool:
    """Whether all that opens this account is one connected account, so one wallet's key.

    For views that want to say so before the key is lost; ``{% moralis_one_way_in %}`` says it.
    A confirmed e-mail address is another way, for allauth mails a link to whoever forgot their
    password or never had one. So is a passkey, where the site lets people log in by one; a second
    factor alone is none.
    """
    if SocialAccount.objects.filter(user_id=user.pk).count() != 1:
        return False
    return not (_opens_without(user) or _has_passkey(user))


def guard(user: AbstractBaseUser) -> str | None:
    """allauth's rule for the last connected account: the code of its refusal, or nothing."""
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return "disconnect_last"
    if not user.has_usable_password():
        return "no_password"
    if _must_be_confirmed() and not _addresses(user).filter(verified=True).exists():
        return "no_verified_email"
    return None


def linked(text: str) -> SafeString:
    """One of the sentences above, its remedies led to by links."""
    return format_html(
        text,
        wallet=_link("moralis_login", "?process=connect"),
        email=_link("account_email"),
        password=_link("account_set_password"),
        end=SafeString("</a>"),
    )


def plain(text: str) -> str:
    """The same for those who have no pages."""
    return text.format(wallet="", email="", password="", end="")


def _link(name: str, query: str = "") -> SafeString:
    try:
        url = reverse(name)
    except NoReverseMatch:  # the site is headless, or leaves the page out
        return SafeString("<a>")
    return format_html('<a href="{}{}">', url, query)


def _opens_without(user: AbstractBaseUser) -> bool:
    """Whether the account opens without any connected one, by what its user knows or is mailed."""
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return False
    addresses = _addresses(user)
    if addresses.filter(verified=True).exists():
        return True
    if not user.has_usable_password():
        return False
    # A password is worth as much as the name that is asked for beside it.
    methods = account_settings.LOGIN_METHODS
    return bool(
        (LoginMethod.USERNAME in methods and user_username(user))
        or (LoginMethod.EMAIL in methods and not _must_be_confirmed() and addresses.exists())
        or (LoginMethod.PHONE in methods and get_account_adapter().get_phone(user))
    )


def _addresses(user: AbstractBaseUser) -> QuerySet[Any]:
    addresses: QuerySet[Any] = EmailAddress.objects.filter(user_id=user.pk)
    return addresses


def _must_be_confirmed() -> bool:
    return bool(account_settings.EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY)


def _has_passkey(user: AbstractBaseUser) -> bool:
    if not allauth_settings.MFA_ENABLED:
        return False
    from allauth.mfa import app_settings  # noqa: PLC0415 - its models are there only where it is installed
    from allauth.mfa.models import Authenticator  # noqa: PLC0415 - as above

    if not app_settings.PASSKEY_LOGIN_ENABLED:
        return False
    keys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return any(key.wrap().is_passwordless for key in keys)
