"""Stages of allauth's sign-in that need an address, for accounts that have none.

A wallet gives no e-mail address. Where the site wants every address confirmed, allauth would send
such people to a page that says that a mail was sent, and send none: nobody could ever go on.
"""

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.models import EmailAddress, Login
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponseBase

from ..conf import PROVIDER_ID


def has_no_address(login: Login) -> bool:
    """Whether nothing could be sent to who is signing in, because a wallet made the account."""
    if login.user is None or login.email:
        return False
    user = login.user.pk
    return (
        not EmailAddress.objects.filter(user_id=user).exists()
        and SocialAccount.objects.filter(user_id=user, provider=PROVIDER_ID).exists()
    )


class WalletEmailVerificationStage(EmailVerificationStage):
    """allauth's own, which an account without any address passes."""

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        if self.login.email_verification == EmailVerificationMethod.MANDATORY and has_no_address(
            self.login
        ):
            return None, True
        handled: tuple[HttpResponseBase | None, bool] = super().handle()  # type: ignore[no-untyped-call]  # allauth's, whose answer is that
        return handled


def with_ours(stages: list[str]) -> list[str]:
    """allauth's stages, by their paths, with ours in the place of its own."""
    ours = {_path(EmailVerificationStage): _path(WalletEmailVerificationStage)}
    return [ours.get(stage, stage) for stage in stages]


def pass_without_address(request: HttpRequest) -> HttpResponseBase | None:
    """The same, after the fact, for a site whose account adapter has not our mixin."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    if stage is None or not has_no_address(stage.login):
        return None
    response: HttpResponseBase = stage.exit()
    return response


def _path(stage: type) -> str:
    return f"{stage.__module__}.{stage.__qualname__}"
