"""``manage.py check``: how allauth is set up for people whose account a wallet opens."""

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

#: What the mixins do there they do elsewhere as well, for sites answer this question by themselves.
ALSO_ELSEWHERE = ("is_open_for_signup",)

ACCOUNT_ADAPTER = (
    'Set ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter", or derive your own from '
    "WalletReauthenticationMixin, beside it, and then from allauth's."
)


@register(Tags.security)
def check_adapters(**_: Any) -> list[CheckMessage]:
    return list(_adapter_warnings())


def _adapter_warnings() -> Iterator[CheckMessage]:
    if not isinstance(get_account_adapter(), WalletReauthenticationMixin):
        yield checks.Warning(
            "People who have nothing but a wallet have no way to confirm that it is them: allauth "
            "refuses (403) whatever it wants a confirmation for."
            if _wants_confirmation()
            else "People who have nothing but a wallet are asked for no confirmation before they "
            "set a password or link another wallet, so whoever finds their browser open can take "
            "the account over.",
            hint=ACCOUNT_ADAPTER,
            id="allauth_moralis.W012",
        )
    if not isinstance(get_socialaccount_adapter(), WalletSocialAccountMixin):
        yield checks.Warning(
            "People who remove the last wallet of their account are told of a password that they "
            "never had, and two requests at once can remove the last two ways in.",
            hint='Set SOCIALACCOUNT_ADAPTER = "allauth_moralis.adapter.SocialAccountAdapter", or '
            "derive your own from WalletSocialAccountMixin, beside it, and then from allauth's.",
            id="allauth_moralis.W013",
        )
    if allauth_settings.HEADLESS_ENABLED and not isinstance(_headless(), WalletHeadlessMixin):
        yield checks.Warning(
            "An application that must have people confirm that it is them is not told that their "
            "wallet will do.",
            hint='Set HEADLESS_ADAPTER = "allauth_moralis.headless.adapter.HeadlessAdapter", or '
            "derive your own from WalletHeadlessMixin, beside it, and then from allauth's.",
            id="allauth_moralis.W042",
        )


def _headless() -> Any:
    from allauth.headless.adapter import get_adapter  # noqa: PLC0415 - not every site has it

    return get_adapter()


@register(Tags.security)
def check_hooks(**_: Any) -> list[CheckMessage]:
    """What a mixin promises stands in methods of adapters, which a site's own may hide."""
    return [
        checks.Warning(
            f"{type(adapter).__qualname__} hides what {mixin.__name__} does in "
            f"{', '.join(hidden)}, so wallets' accounts lack its protection there.",
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
    """The methods of ``mixin`` at which no call arrives, as far as their code tells."""
    before = adapter.__mro__[: adapter.__mro__.index(mixin)]
    for name in vars(mixin):
        if not name.startswith("_") and name not in ALSO_ELSEWHERE:
            own = [vars(each)[name] for each in before if name in vars(each)]
            if not all(_goes_on(function, name) for function in own):
                yield name


def _goes_on(function: Any, name: str) -> bool:
    """Whether it calls the method that it stands before, or may: not all that is called is code."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or "super" in code.co_names:
        return True
    return name in code.co_names and not function.__module__.startswith("allauth.")


@register(Tags.security)
def check_stages(**_: Any) -> list[CheckMessage]:
    """Stages of a sign-in that need an address, which only the account adapter can take away."""
    if isinstance(get_account_adapter(), WalletReauthenticationMixin) or not (
        _waits_for_a_code() or (allauth_settings.HEADLESS_ENABLED and _waits_for_an_address())
    ):
        return []
    return [
        checks.Error(
            "Whoever signs in must enter a code that is sent to them, and people whom a wallet "
            "signed up have no address: none of them gets in."
            if _waits_for_a_code()
            else "E-mail addresses must be confirmed. People whom a wallet signed up have none: "
            "in headless clients none of them gets in.",
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


def _wants_confirmation() -> bool:
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
            hint="Set ACCOUNT_PRESERVE_USERNAME_CASING = False, and make the names that exist "
            "lower case: the search is then an exact match on an index. Import the users of "
            "another package first: the letter case of an address is its checksum.",
            id="allauth_moralis.W003",
        )
    if socialaccount_settings.EMAIL_REQUIRED and _form_tells_who_has_an_account():
        yield checks.Warning(
            "The sign-up form that asks people with a wallet for an e-mail address tells them "
            "whether the address has an account here.",
            hint='Set ACCOUNT_EMAIL_VERIFICATION = "mandatory", leave '
            "SOCIALACCOUNT_EMAIL_VERIFICATION out or set it likewise, and leave "
            "ACCOUNT_PREVENT_ENUMERATION on.",
            id="allauth_moralis.W008",
        )


def _form_tells_who_has_an_account() -> bool:
    """By allauth's own rule, which asks the account's settings and not the social account's.

    What the form then answers must not differ from what a new address gets: where people with a
    social account need not confirm theirs, it does.
    """
    if not account_settings.UNIQUE_EMAIL:
        return False
    if account_settings.EMAIL_VERIFICATION != EmailVerificationMethod.MANDATORY:
        return bool(account_settings.PREVENT_ENUMERATION != "strict")
    confirmed = socialaccount_settings.EMAIL_VERIFICATION or account_settings.EMAIL_VERIFICATION
    return (
        not account_settings.PREVENT_ENUMERATION or confirmed != EmailVerificationMethod.MANDATORY
    )
