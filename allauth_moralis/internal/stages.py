"""Stages of allauth's sign-in that need an e-mail address, for accounts that have none.

A wallet provides no e-mail address. On sites that require confirmed addresses, allauth would send
such people to a page that says that an e-mail was sent, without sending one, and leave them there.
Nor does it provide a phone number: people who signed up before the site required one would be sent
back to the login page without a word.
"""

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.models import EmailAddress, Login
from allauth.account.stages import (
    EmailVerificationStage,
    LoginStageController,
    PhoneVerificationStage,
)
from allauth.account.utils import user_email
from allauth.socialaccount import app_settings as socialaccount_settings
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from ..conf import PROVIDER_ID
from . import addresses
from .allauth_private import is_headless


def has_no_address(login: Login) -> bool:
    """Return whether the user has no e-mail address, because they signed up by wallet."""
    if login.user is None or login.email:
        return False
    return not _has_address(login.user) and _has_wallet(login.user)


def has_no_phone(login: Login) -> bool:
    """Return whether the site asks for phone numbers, and this user of a wallet has none."""
    if login.user is None or "phone" not in account_settings.SIGNUP_FIELDS:
        return False
    return get_account_adapter().get_phone(login.user) is None and _has_wallet(login.user)


def cannot_be_reached(login: Login) -> bool:
    """Return whether there is no address or number to which a code can be sent."""
    has_phone = "phone" in account_settings.SIGNUP_FIELDS and not has_no_phone(login)
    return has_no_address(login) and not has_phone


def _has_address(user: AbstractBaseUser) -> bool:
    return bool(EmailAddress.objects.filter(user_id=user.pk).exists())


def _has_wallet(user: AbstractBaseUser) -> bool:
    accounts = SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID)
    return bool(accounts.exists())


class WalletEmailVerificationStage(EmailVerificationStage):
    """allauth's stage, but accounts without an e-mail address pass it.

    People with an address that was never confirmed, who sign in with their wallet again, see where
    the e-mail was sent and can correct the address.
    """

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        if (
            self.login.email_verification == EmailVerificationMethod.MANDATORY
            and not socialaccount_settings.EMAIL_REQUIRED
            and has_no_address(self.login)
        ):
            return None, True
        if (
            self.login.email_verification == EmailVerificationMethod.OPTIONAL
            and not self._writes_to_whom_it_need_not()
        ):
            return None, True
        response: HttpResponseBase | None
        response, cont = super().handle()  # type: ignore[no-untyped-call]  # allauth's, whose answer is that
        if response is not None and self._may_correct():
            response = HttpResponseRedirect(reverse("moralis_address"))
        return response, cont

    def _writes_to_whom_it_need_not(self) -> bool:
        """Return whether allauth writes to this user, if addresses need not be confirmed.

        It does so after a sign-up, if there is an address, but looks for addresses twice each time.
        """
        login, user = self.login, self.login.user
        return login.signup and (
            user is None or bool(login.email or user_email(user)) or _has_address(user)
        )

    def _may_correct(self) -> bool:
        return (
            # Right after a sign-up the response must not reveal whether the address has an account.
            not self.login.signup
            # If allauth sends codes, its own page lets people change the address, by a setting.
            and not account_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
            and not is_headless(self.request)
            and not allauth_settings.HEADLESS_ONLY
            and self.login.user is not None
            and addresses.is_owner(self.request, self.login.user)
        )


class WalletPhoneVerificationStage(PhoneVerificationStage):
    """allauth's stage, but accounts without a phone number pass it."""

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        if has_no_phone(self.login):
            return None, True
        handled: tuple[HttpResponseBase | None, bool] = super().handle()  # type: ignore[no-untyped-call]  # as above
        return handled


def with_wallet_stages(stages: list[str]) -> list[str]:
    """Return allauth's ``stages``, by dotted path, with ours in place of its own."""
    ours = {
        _path(EmailVerificationStage): _path(WalletEmailVerificationStage),
        _path(PhoneVerificationStage): _path(WalletPhoneVerificationStage),
    }
    return [ours.get(stage, stage) for stage in stages]


def skip_without_address(request: HttpRequest) -> HttpResponseBase | None:
    """Leave the stage if the account has no address, and return the response; else ``None``.

    This is for sites whose account adapter does not have ``WalletReauthenticationMixin``.
    """
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    if stage is None or socialaccount_settings.EMAIL_REQUIRED or not has_no_address(stage.login):
        return None
    response: HttpResponseBase = stage.exit()
    return response


def _path(stage: type) -> str:
    return f"{stage.__module__}.{stage.__qualname__}"
