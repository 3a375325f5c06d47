"""Mixins for the site's adapters: allauth's own pages know of wallets."""

from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from . import ways_in
from .conf import PROVIDER_ID
from .internal import disconnect
from .internal.allauth_private import can_confirm_otherwise, has_second_factor, is_headless
from .internal.sociallogin import empty_email, known
from .reauthentication import has_wallet, is_proven


class WalletReauthenticationMixin:
    """Put it before allauth's adapter: ``class Adapter(WalletReauthenticationMixin, …)``.

    * Who is asked to confirm their access (``ACCOUNT_REAUTHENTICATION_REQUIRED``) may do so with a
      wallet; but who has a second factor must show that one. The wallet may well be open in the
      very browser that somebody else has found.
    * Who has nothing but wallets, and whom allauth would let pass, is asked for one.

    Afterwards allauth goes on with what it held up, as after its own methods. A headless client
    gets allauth's 401; its ``flows`` do not name the wallet, for allauth has no hook there.
    """

    request: HttpRequest

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        methods = self._other_methods(user)
        if has_wallet(user) and not has_second_factor(user):
            url = reverse("moralis_reauthenticate")
            methods.append({"id": "moralis", "description": str(_("Use your wallet")), "url": url})
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)  # type: ignore[misc]  # of the adapter beside this mixin
        request = self.request
        if required and allauth_settings.SOCIALACCOUNT_ONLY and not has_wallet(request.user):
            # A password of old opens nothing there, and allauth would ask for it all the same.
            return False
        if (
            required
            and not is_proven(request, app_settings.REAUTHENTICATION_TIMEOUT)
            and not can_confirm_otherwise(request.user)
            and has_wallet(request.user)
        ):
            raise ReauthenticationRequired
        return required

    def _other_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, str]]:
        if allauth_settings.SOCIALACCOUNT_ONLY:  # no password opens anything there
            return []
        try:
            methods: list[dict[str, str]] = super().get_reauthentication_methods(user)  # type: ignore[misc]  # of the adapter beside this mixin
        except NoReverseMatch:  # HEADLESS_ONLY: allauth has no pages there
            return []
        return methods


class WalletSocialAccountMixin:
    """Put it before allauth's social adapter: ``class Adapter(WalletSocialAccountMixin, …)``.

    * The guard on the last way in says what to do. The guard itself is allauth's; it counts
      passwords and connected accounts, and no passkeys.
    * Two requests at once cannot remove both of two ways in.
    * Whoever fills in the sign-up form for a wallet that has an account meanwhile is told so, and
      no user without a wallet is left.
    """

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        if sentence := ways_in.LAST_WAY_IN.get(code):
            write = ways_in.linked if _shows_pages(context.request) else ways_in.plain
            return ValidationError(write(str(sentence)), code=code)
        error: ValidationError = super().validation_error(code, *args)  # type: ignore[misc]  # of the adapter beside this mixin
        return error

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> AbstractBaseUser:
        if form is not None and not form.cleaned_data.get("email"):
            form.cleaned_data["email"] = empty_email()
        try:
            with transaction.atomic(using=router.db_for_write(SocialAccount)):
                user: AbstractBaseUser = super().save_user(request, sociallogin, form)  # type: ignore[misc]  # of the adapter beside this mixin
        except IntegrityError:
            account = sociallogin.account
            if account.provider != PROVIDER_ID or not known(account).exists():
                raise
            raise ImmediateHttpResponse(_sign_in_instead(request)) from None
        return user

    def validate_disconnect(
        self, account: SocialAccount, accounts: QuerySet[SocialAccount]
    ) -> None:
        super().validate_disconnect(account, accounts)  # type: ignore[misc]  # of the adapter beside this mixin
        disconnect.begin(account)


def _shows_pages(request: HttpRequest | None) -> bool:
    """Whether what is said ends up on a page, where a link is one."""
    by_script = request is not None and "X-Requested-With" in request.headers
    return not by_script and not is_headless(request)


def _sign_in_instead(request: HttpRequest) -> HttpResponse:
    """The wallet was new when it signed, before its visitor was asked for more."""
    if is_headless(request):
        from allauth.headless.base.response import ConflictResponse  # noqa: PLC0415 - not every site has it

        response: HttpResponse = ConflictResponse(request)
        return response
    message = _("This wallet has got an account meanwhile. Sign in with it.")
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    return HttpResponseRedirect(reverse("moralis_login"))
