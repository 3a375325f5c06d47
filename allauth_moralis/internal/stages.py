"""Stages of allauth's sign-in that need an address, for accounts that have none.

A wallet gives no e-mail address. Where the site wants every address confirmed, allauth would send
such people to a page that says that a mail was sent, and send none: nobody could ever go on. Nor
does it give a telephone number: whoever signed up before the site wanted one would be sent back to
the log-in page without a word.
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
from allauth.socialaccount import app_settings as socialaccount_settings
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from ..conf import PROVIDER_ID
from . import addresses
from .allauth_private import is_headless


def has_no_address(login: Login) -> bool:
    """Whether who is signing in has no e-mail address, because a wallet made the account."""
    if login.user is None or login.email:
        return False
    has_one = EmailAddress.objects.filter(user_id=login.user.pk).exists()
    return not has_one and _has_wallet(login.user)


def has_no_phone(login: Login) -> bool:
    """Whether they have no telephone number on a site with numbers, for the same reason."""
    if login.user is None or "phone" not in account_settings.SIGNUP_FIELDS:
        return False
    return get_account_adapter().get_phone(login.user) is None and _has_wallet(login.user)


def cannot_be_reached(login: Login) -> bool:
    """Whether no code can be sent to them."""
    has_phone = "phone" in account_settings.SIGNUP_FIELDS and not has_no_phone(login)
    return has_no_address(login) and not has_phone


def _has_wallet(user: AbstractBaseUser) -> bool:
    accounts = SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID)
    return bool(accounts.exists())


class WalletEmailVerificationStage(EmailVerificationStage):
    """allauth's own, which an account without any address passes.

    Who has an address that nobody ever confirmed, and comes back with the wallet, is shown where
    the mail went, and may correct it.
    """

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        if (
            self.login.email_verification == EmailVerificationMethod.MANDATORY
            and not socialaccount_settings.EMAIL_REQUIRED
            and has_no_address(self.login)
        ):
            return None, True
        response: HttpResponseBase | None
        response, cont = super().handle()  # type: ignore[no-untyped-call]  # allauth's, whose answer is that
        if response is not None and self._may_correct():
            response = HttpResponseRedirect(reverse("moralis_address"))
        return response, cont

    def _may_correct(self) -> bool:
        return (
            # Right after a sign-up the answer must not tell whether the address has an account.
            not self.login.signup
            # Where allauth mails codes its own page lets them, by a setting of its own.
            and not account_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
            and not is_headless(self.request)
            and not allauth_settings.HEADLESS_ONLY
            and self.login.user is not None
            and addresses.is_theirs(self.request, self.login.user)
        )


class WalletPhoneVerificationStage(PhoneVerificationStage):
    """allauth's own, which an account without a telephone number passes."""

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        if has_no_phone(self.login):
            return None, True
        handled: tuple[HttpResponseBase | None, bool] = super().handle()  # type: ignore[no-untyped-call]  # as above
        return handled


def with_ours(stages: list[str]) -> list[str]:
    """allauth's stages, by their paths, with ours in the place of its own."""
    ours = {
        _path(EmailVerificationStage): _path(WalletEmailVerificationStage),
        _path(PhoneVerificationStage): _path(WalletPhoneVerificationStage),
    }
    return [ours.get(stage, stage) for stage in stages]


def pass_without_address(request: HttpRequest) -> HttpResponseBase | None:
    """The same, after the fact, for a site whose account adapter has not our mixin."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    if stage is None or socialaccount_settings.EMAIL_REQUIRED or not has_no_address(stage.login):
        return None
    response: HttpResponseBase = stage.exit()
    return response


def _path(stage: type) -> str:
    return f"{stage.__module__}.{stage.__qualname__}"
