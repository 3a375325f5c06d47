"""Mixins for the site's adapters: allauth's own pages know of wallets."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from allauth import app_settings as allauth_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress, Login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from . import reauthentication
from .conf import PROVIDER_ID
from .exceptions import LoginRequired
from .internal import addresses, disconnect, stages
from .internal.allauth_private import is_headless, send_unknown_account_mail
from .internal.sociallogin import empty_email, known, signs_up_too_late

if TYPE_CHECKING:
    from allauth.headless.adapter import DefaultHeadlessAdapter as _HeadlessAdapter

    # What each mixin stands before.
    _AccountAdapter = DefaultAccountAdapter
    _SocialAccountAdapter = DefaultSocialAccountAdapter
else:
    _AccountAdapter = _SocialAccountAdapter = _HeadlessAdapter = object

#: A request for allauth's sign-up, whose e-mail address is the visitor's own to claim.
SIGNING_UP = "allauth_moralis_signing_up"


class WalletReauthenticationMixin(_AccountAdapter):
    """Put it before allauth's account adapter: ``class Adapter(WalletReauthenticationMixin, …)``.

    * People may confirm that it is them by a wallet, and who has nothing else, whom allauth would
      refuse, can. Who has a second factor shows that one: the wallet may well be open in the very
      browser that somebody else has found.
    * A first password, an address or another connected account is added to a wallet's account only
      after recent proof of who is there, whatever ``ACCOUNT_REAUTHENTICATION_REQUIRED`` says.
    * Afterwards allauth goes on with what it held up, for some minutes and no longer.
    * An account without any address passes the stages of a sign-in that would write to one, and
      who mistyped theirs may correct it.
    * An address that waits unconfirmed on a wallet's account lets nobody into that account.
    """

    request: HttpRequest | None

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        if self.request is not None:
            reauthentication.drop_stale_form(self.request)
        others: list[dict[str, str]] = []
        with suppress(NoReverseMatch):  # HEADLESS_ONLY: allauth has no pages there
            others = super().get_reauthentication_methods(user)
        if allauth_settings.SOCIALACCOUNT_ONLY:  # no password opens anything there
            others = [method for method in others if method["id"] != "reauthenticate"]
        return reauthentication.methods(user, others)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        if self.request is None:  # outside of any request, as in a command
            return required
        return reauthentication.is_required(self.request, app=app, by_allauth=required)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        setattr(request, SIGNING_UP, True)
        return super().is_open_for_signup(request)

    def clean_email(self, email: str) -> str:
        cleaned: str = super().clean_email(email)
        if cleaned and _signs_up(self.request):
            addresses.release(cleaned)
        return cleaned

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        if not addresses.may_confirm(request, email_address):
            raise ImmediateHttpResponse(_confirm_by_the_wallet(request))
        return super().confirm_email(request, email_address)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        request = self.request  # of a visitor; an operator's command sends what it likes
        if (
            request is not None
            and template_prefix in addresses.LETS_IN
            and addresses.opens_a_strangers(request, email, context.get("user"))
        ):
            send_unknown_account_mail(request, email)
        else:
            super().send_mail(template_prefix, email, context)

    def get_login_stages(self) -> list[str]:
        stages_of_allauth: list[str] = super().get_login_stages()
        return stages.with_ours(stages_of_allauth)

    def is_login_by_code_required(self, login: Login) -> bool:
        required: bool = super().is_login_by_code_required(login)
        return required and not stages.has_no_address(login)


class WalletHeadlessMixin(_HeadlessAdapter):
    """Put it before allauth's headless adapter: ``class Adapter(WalletHeadlessMixin, …)``.

    Where a client is told to reauthenticate, and a wallet will do, the 401's ``meta`` names it:
    ``"flows": [{"id": "provider_reauthenticate", "providers": ["moralis"]}]``. allauth's own
    ``flows`` have no place for it.
    """

    def populate_response_meta(self, request: HttpRequest, meta: dict[str, Any]) -> None:
        super().populate_response_meta(request, meta)
        if reauthentication.can_answer_by_wallet(request):
            meta["flows"] = [{"id": "provider_reauthenticate", "providers": [PROVIDER_ID]}]


class WalletSocialAccountMixin(_SocialAccountAdapter):
    """Put it before allauth's social adapter: ``class Adapter(WalletSocialAccountMixin, …)``.

    * The guard on the last way in says what to do, counts what opens the account now, and holds
      when several requests remove several ways at once.
    * Whoever fills in the sign-up form for a wallet that got an account in the meantime is told so,
      and no user without a wallet is left.
    * A sign-up form that was left open is nobody else's to finish: it is over after some minutes.
    """

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        if sentence := disconnect.LAST_WAY_IN.get(code):
            write = disconnect.linked if _shows_pages(context.request) else disconnect.plain
            return ValidationError(write(str(sentence)), code=code)
        return super().validation_error(code, *args)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if signs_up_too_late(sociallogin):
            raise ImmediateHttpResponse(_start_again(request))
        setattr(request, SIGNING_UP, True)
        for address in sociallogin.email_addresses:
            if address.verified:
                addresses.release(address.email)
        return super().is_open_for_signup(request, sociallogin)

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[AbstractUser, str] | None:
        found: tuple[AbstractUser, str] | None = super().authenticate_by_email(sociallogin)
        request = context.request
        if found and request and addresses.opens_a_strangers(request, found[1], found[0]):
            return None
        return found

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> AbstractBaseUser:
        if form is not None and not form.cleaned_data.get("email"):
            form.cleaned_data["email"] = empty_email()
        try:
            with transaction.atomic(using=router.db_for_write(SocialAccount)):
                user: AbstractBaseUser = super().save_user(request, sociallogin, form)
        except IntegrityError:
            account = sociallogin.account
            if account.provider != PROVIDER_ID or not known(account).exists():
                raise
            raise ImmediateHttpResponse(_sign_in_instead(request)) from None
        return user

    def validate_disconnect(
        self, account: SocialAccount, accounts: QuerySet[SocialAccount]
    ) -> None:
        super().validate_disconnect(account, accounts)
        others = [other for other in accounts if other.pk != account.pk]
        if code := disconnect.refusal_code(account, others):
            raise self.validation_error(code)
        disconnect.begin(account)


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    """For ``ACCOUNT_ADAPTER``, where the site has none of its own."""


class SocialAccountAdapter(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    """For ``SOCIALACCOUNT_ADAPTER``, where the site has none of its own."""


def _signs_up(request: HttpRequest | None) -> bool:
    """allauth's pages ask whether one may before they read the form, its headless views after."""
    match = request.resolver_match if request is not None else None
    by_name = is_headless(request) and match is not None and "signup" in (match.url_name or "")
    return by_name or getattr(request, SIGNING_UP, False)


def _shows_pages(request: HttpRequest | None) -> bool:
    """Whether what is said ends up on a page, where a link is one."""
    by_script = request is not None and "X-Requested-With" in request.headers
    return not by_script and not is_headless(request)


def _confirm_by_the_wallet(request: HttpRequest) -> HttpResponse:
    """The link was opened elsewhere, perhaps by somebody else; it stays valid."""
    message = _(
        "This address was added to an account that is opened with a wallet. Sign in with that "
        "wallet in this browser, then open the link again: it is still valid. If you did not add "
        "this address, ignore the e-mail."
    )
    if is_headless(request):
        from allauth.headless.base.response import APIResponse  # noqa: PLC0415 - not every site has it

        errors = [{"code": LoginRequired.code, "message": message}]
        response: HttpResponse = APIResponse(request, errors=errors, status=LoginRequired.status)
        return response
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{query}")


def _start_again(request: HttpRequest) -> HttpResponse:
    message = _("The form was open for too long. Please sign in with your wallet again.")
    return _back_to_the_wallet(request, message)


def _sign_in_instead(request: HttpRequest) -> HttpResponse:
    """The wallet was new when it signed, before its visitor was asked for more."""
    message = _("This wallet already has an account here. Please sign in with the wallet again.")
    return _back_to_the_wallet(request, message)


def _back_to_the_wallet(request: HttpRequest, message: str) -> HttpResponse:
    if is_headless(request):
        from allauth.headless.base.response import ConflictResponse  # noqa: PLC0415 - not every site has it

        response: HttpResponse = ConflictResponse(request)
        return response
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    return HttpResponseRedirect(reverse("moralis_login"))
