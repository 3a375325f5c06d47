"""System checks of how allauth is set up for people who sign in with a wallet."""

import inspect
from collections.abc import Iterator
from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.socialaccount import app_settings as socialaccount_settings
from allauth.socialaccount.adapter import get_adapter as get_socialaccount_adapter
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from ..adapter import (
    WalletHeadlessMixin,
    WalletReauthenticationMixin,
    WalletSocialAccountMixin,
)

#: What sites answer by themselves: the mixins do elsewhere as well what they do in the first, and
#: who says where visitors come from knows best.
SITES_OWN = ("is_open_for_signup", "get_client_ip")

ACCOUNT_ADAPTER = (
    'Set ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter", or derive your own from '
    "WalletReauthenticationMixin (same module) and then allauth's."
)


@register(Tags.security)
def check_adapters(**_: Any) -> list[CheckMessage]:
    return list(_adapter_warnings())


def _adapter_warnings() -> Iterator[CheckMessage]:
    if not isinstance(get_account_adapter(), WalletReauthenticationMixin):
        yield checks.Warning(
            "People who have only a wallet cannot reauthenticate: allauth refuses (403) everything "
            "that it requires reauthentication for."
            if _reauthentication_is_required()
            else "People who have only a wallet are not asked to reauthenticate before they set a "
            "password or link another wallet, so anyone who finds their browser open can take over "
            "the account.",
            hint=ACCOUNT_ADAPTER,
            id="allauth_moralis.W012",
        )
    if not isinstance(get_socialaccount_adapter(), WalletSocialAccountMixin):
        yield checks.Warning(
            "People who try to remove the last wallet of their account are told about a password "
            "that they never had, and two simultaneous requests can remove the last two ways in.",
            hint='Set SOCIALACCOUNT_ADAPTER = "allauth_moralis.adapter.SocialAccountAdapter", or '
            "derive your own from WalletSocialAccountMixin (same module) and then allauth's.",
            id="allauth_moralis.W013",
        )
    if allauth_settings.HEADLESS_ENABLED and not isinstance(_headless(), WalletHeadlessMixin):
        yield checks.Warning(
            "Applications that must let people reauthenticate are not told that a wallet will do.",
            hint='Set HEADLESS_ADAPTER = "allauth_moralis.headless.adapter.HeadlessAdapter", or '
            "derive your own from WalletHeadlessMixin (in allauth_moralis.adapter) and then "
            "allauth's.",
            id="allauth_moralis.W042",
        )


def _headless() -> Any:
    from allauth.headless.adapter import get_adapter  # noqa: PLC0415 - not every site has it

    return get_adapter()


@register(Tags.security)
def check_hooks(**_: Any) -> list[CheckMessage]:
    """Check that the site's own adapter does not hide methods in which a mixin does its work."""
    return [
        checks.Warning(
            f"{type(adapter).__qualname__} hides what {mixin.__name__} does in "
            f"{', '.join(hidden)}, so accounts of wallets lack its protection there.",
            hint="Derive from the mixin first and then from allauth's adapter, and call super() "
            "in these methods.",
            id="allauth_moralis.W040",
        )
        for adapter, mixin in (
            (get_account_adapter(), WalletReauthenticationMixin),
            (get_socialaccount_adapter(), WalletSocialAccountMixin),
        )
        if isinstance(adapter, mixin) and (hidden := sorted(_hidden(type(adapter), mixin)))
    ]


def _hidden(adapter: type, mixin: type) -> Iterator[str]:
    """Yield the methods of ``mixin`` that are never called, as far as the code shows."""
    before = adapter.__mro__[: adapter.__mro__.index(mixin)]
    for name in vars(mixin):
        if not name.startswith("_") and name not in SITES_OWN:
            own = [vars(each)[name] for each in before if name in vars(each)]
            if not all(_goes_on(function, name) for function in own):
                yield name


def _goes_on(function: Any, name: str) -> bool:
    """Return whether a function calls the method that it overrides, or may do so."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or "super" in code.co_names:
        return True
    return name in code.co_names and not function.__module__.startswith("allauth.")


@register(Tags.security)
def check_stages(**_: Any) -> list[CheckMessage]:
    """Check for stages of a sign-in that need an address, which only the adapter can skip."""
    if isinstance(get_account_adapter(), WalletReauthenticationMixin) or not (
        _waits_for_a_code() or (allauth_settings.HEADLESS_ENABLED and _waits_for_an_address())
    ):
        return []
    return [
        checks.Error(
            "To sign in, people must enter a code that is sent to them, but people who signed up "
            "by wallet have no address: they cannot sign in."
            if _waits_for_a_code()
            else "E-mail addresses must be confirmed, but people who signed up by wallet have "
            "none: they cannot sign in with headless clients.",
            hint=ACCOUNT_ADAPTER,
            id="allauth_moralis.E026",
        )
    ]


def _waits_for_a_code() -> bool:
    required = account_settings.LOGIN_BY_CODE_REQUIRED
    return required if isinstance(required, bool) else "socialaccount" in required


def _waits_for_an_address() -> bool:
    method = socialaccount_settings.EMAIL_VERIFICATION or account_settings.EMAIL_VERIFICATION
    return bool(
        method == EmailVerificationMethod.MANDATORY and not socialaccount_settings.EMAIL_REQUIRED
    )


def _reauthentication_is_required() -> bool:
    return bool(
        account_settings.REAUTHENTICATION_REQUIRED
        or socialaccount_settings.REAUTHENTICATION_REQUIRED
    )


@register(Tags.security, deploy=True)
def check_sign_up(**_: Any) -> list[CheckMessage]:
    return list(_sign_up_warnings())


def _sign_up_warnings() -> Iterator[CheckMessage]:
    if account_settings.USER_MODEL_USERNAME_FIELD and account_settings.PRESERVE_USERNAME_CASING:
        yield checks.Warning(
            "Each sign-up by wallet scans the whole user table for a free user name.",
            hint="Set ACCOUNT_PRESERVE_USERNAME_CASING = False and convert existing names to lower "
            "case: the search is then an exact match on an index. If you want to import the users "
            "of another package, do that first: the letter case of an address is its checksum.",
            id="allauth_moralis.W003",
        )
    if socialaccount_settings.EMAIL_REQUIRED and _form_tells_who_has_an_account():
        yield checks.Warning(
            "The sign-up form that asks people with a wallet for an e-mail address reveals whether "
            "an address has an account here.",
            hint='Set ACCOUNT_EMAIL_VERIFICATION = "mandatory", do the same with '
            "SOCIALACCOUNT_EMAIL_VERIFICATION or leave it out, and leave "
            "ACCOUNT_PREVENT_ENUMERATION on.",
            id="allauth_moralis.W008",
        )


def _form_tells_who_has_an_account() -> bool:
    """Return whether the sign-up form treats a known e-mail address differently from a new one.

    This follows allauth's own rule, which looks at the settings of ``allauth.account`` and not at
    those of ``allauth.socialaccount``. Where people with a social account need not confirm their
    address, the outcome differs all the same, and so gives a known address away.
    """
    if not account_settings.UNIQUE_EMAIL:
        return False
    if account_settings.EMAIL_VERIFICATION != EmailVerificationMethod.MANDATORY:
        return bool(account_settings.PREVENT_ENUMERATION != "strict")
    confirmed = socialaccount_settings.EMAIL_VERIFICATION or account_settings.EMAIL_VERIFICATION
    return (
        not account_settings.PREVENT_ENUMERATION or confirmed != EmailVerificationMethod.MANDATORY
    )
