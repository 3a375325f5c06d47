"""Mixins for a site's adapters, by which allauth's own pages know about wallets."""

from contextlib import nullcontext, suppress
from ipaddress import IPv6Address
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
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from . import reauthentication
from .conf import PROVIDER_ID
from .exceptions import LoginRequired
from .internal import addresses, disconnect, events, flows, home, stages
from .internal.allauth_private import is_headless, send_unknown_account_mail
from .internal.sociallogin import (
    FREE_USERNAME,
    WalletLogin,
    empty_email,
    rows_of,
    sign_up_has_expired,
    user_refused,
)
from .internal.transactions import writing
from .views import refuse_page

if TYPE_CHECKING:
    from allauth.headless.adapter import DefaultHeadlessAdapter as _HeadlessAdapter

    # The base class for which each mixin is written.
    _AccountAdapter = DefaultAccountAdapter
    _SocialAccountAdapter = DefaultSocialAccountAdapter
else:
    _AccountAdapter = _SocialAccountAdapter = _HeadlessAdapter = object

#: Attribute of a request that is a sign-up: its visitor may claim the e-mail address they give.
SIGNING_UP = "allauth_moralis_signing_up"


class WalletReauthenticationMixin(_AccountAdapter):
    """Mixin for the account adapter: ``class Adapter(WalletReauthenticationMixin, …)``.

    List it before allauth's ``DefaultAccountAdapter``. With it:

    * People can reauthenticate with a wallet, also those who have nothing else and whom allauth
      would refuse. Those with a second factor must use that one: the wallet may well be unlocked in
      the very browser that somebody else has found.
    * A first password, an e-mail address or another connected account is added to the account of a
      wallet only after recent proof of who is there, whatever ``ACCOUNT_REAUTHENTICATION_REQUIRED``
      says.
    * After reauthentication allauth resumes what it held up, but not after more than five minutes.
    * Accounts without an e-mail address or phone number skip the stages of a sign-in that would
      send something there, and people who mistyped their address can correct it.
    * An unconfirmed e-mail address of a wallet's account lets no one into that account.
    * People who sign in land on this site even if it is served under a prefix, or has its account
      pages elsewhere than Django assumes.
    """

    request: HttpRequest | None

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        if self.request is not None:
            reauthentication.drop_stale_form(self.request)
        others: list[dict[str, str]] = []
        with suppress(NoReverseMatch):  # HEADLESS_ONLY: there are no pages of allauth
            others = super().get_reauthentication_methods(user)
        if allauth_settings.SOCIALACCOUNT_ONLY:  # a password opens nothing there
            others = [method for method in others if method["id"] != "reauthenticate"]
        return reauthentication.methods(user, others)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        if self.request is None:  # outside any request, as in a management command
            return required
        return reauthentication.is_required(self.request, app=app, by_allauth=required)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        url: str = super().get_login_redirect_url(request)
        return home.of_this_site(url)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        url: str = super().get_signup_redirect_url(request)
        return home.of_this_site(url)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        setattr(request, SIGNING_UP, True)
        return super().is_open_for_signup(request)

    def clean_email(self, email: str) -> str:
        cleaned: str = super().clean_email(email)
        if cleaned and _signs_up(self.request):
            addresses.release(cleaned)
        return cleaned

    def get_client_ip(self, request: HttpRequest) -> str:
        address: str = super().get_client_ip(request)
        # A server that listens for both on IPv6 writes an IPv4 address as one of IPv6. allauth
        # counts those by network, of which all of IPv4 would be one.
        if ":" in address:
            with suppress(ValueError):  # a site may well count by something else
                return str(IPv6Address(address).ipv4_mapped or address)
        return address

    def clean_username(self, username: str, shallow: bool = False) -> str:
        # Not again, if it was found free a moment ago. Should it be taken by now, the database will
        # refuse the user, and ``WalletLogin`` will find another name.
        is_free = getattr(self.request, FREE_USERNAME, None) == username
        cleaned: str = super().clean_username(username, shallow or is_free)
        return cleaned

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        if not addresses.may_confirm(request, email_address):
            raise ImmediateHttpResponse(_sign_in_before_confirming(request))
        return super().confirm_email(request, email_address)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        request = self.request  # of a visitor; an operator's command may send anything
        if (
            request is not None
            and template_prefix in addresses.SIGN_IN_MAILS
            and addresses.lets_a_stranger_in(request, email, context.get("user"))
        ):
            send_unknown_account_mail(request, email)
        else:
            super().send_mail(template_prefix, email, context)

    def get_login_stages(self) -> list[str]:
        allauths_stages: list[str] = super().get_login_stages()
        return stages.with_wallet_stages(allauths_stages)

    def is_login_by_code_required(self, login: Login) -> bool:
        required: bool = super().is_login_by_code_required(login)
        return required and not stages.cannot_be_reached(login)


class WalletHeadlessMixin(_HeadlessAdapter):
    """Mixin for the headless adapter: ``class Adapter(WalletHeadlessMixin, …)``.

    List it before allauth's ``DefaultHeadlessAdapter``. A 401 that tells a client to reauthenticate
    then names the wallet in its ``meta``, if a wallet will do:
    ``"flows": [{"id": "provider_reauthenticate", "providers": ["moralis"]}]``. allauth's own
    ``flows``, in the ``data`` of the response, cannot name it.
    """

    def populate_response_meta(self, request: HttpRequest, meta: dict[str, Any]) -> None:
        super().populate_response_meta(request, meta)
        if reauthentication.is_required_by_wallet(request):
            meta["flows"] = [{"id": "provider_reauthenticate", "providers": [PROVIDER_ID]}]


class WalletSocialAccountMixin(_SocialAccountAdapter):
    """Mixin for the social account adapter: ``class Adapter(WalletSocialAccountMixin, …)``.

    List it before allauth's ``DefaultSocialAccountAdapter``. With it:

    * The guard on the last way into an account says what to do instead, counts what opens the
      account now, and holds when simultaneous requests remove several ways in.
    * People who fill in the sign-up form for a wallet that got an account after they opened the
      form are told so, and no user without a wallet is left behind.
    * A sign-up form that was left open cannot be finished by somebody else: it expires ten minutes
      after the wallet signed.
    """

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        request, sentence = context.request, disconnect.LAST_WAY_IN.get(code)
        # allauth counts neither passkeys nor confirmed addresses as ways in: where it refuses all
        # the same, its own sentence is true and ours would not be.
        if sentence and request and disconnect.has_only_a_wallet(request.user):
            has_pages = _shows_pages(request)
            write = disconnect.with_links if has_pages else disconnect.without_links
            return ValidationError(write(str(sentence)), code=code)
        return super().validation_error(code, *args)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if sign_up_has_expired(sociallogin):  # before the form is shown or read
            raise ImmediateHttpResponse(_start_again(request))
        setattr(request, SIGNING_UP, True)
        return super().is_open_for_signup(request, sociallogin)

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[AbstractUser, str] | None:
        found: tuple[AbstractUser, str] | None = super().authenticate_by_email(sociallogin)
        request = context.request
        if found and request and addresses.lets_a_stranger_in(request, found[1], found[0]):
            return None
        return found

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> AbstractBaseUser:
        if form is not None:
            # Once more, because many sites override is_open_for_signup without calling super().
            if sign_up_has_expired(sociallogin):
                raise ImmediateHttpResponse(_start_again(request))
            if not form.cleaned_data.get("email"):
                form.cleaned_data["email"] = empty_email()
        ends_with_ours = isinstance(sociallogin, WalletLogin) and sociallogin.is_in_transaction
        try:
            with nullcontext() if ends_with_ours else writing():
                user: AbstractBaseUser = super().save_user(request, sociallogin, form)
        except IntegrityError:
            if ends_with_ours:
                raise user_refused() from None
            account = sociallogin.account
            if account.provider != PROVIDER_ID:
                raise
            if rows_of(account).exists():
                raise ImmediateHttpResponse(_sign_in_instead(request)) from None
            raise ImmediateHttpResponse(_refuse_user(request, account)) from None
        return user

    def validate_disconnect(
        self, account: SocialAccount, accounts: QuerySet[SocialAccount]
    ) -> None:
        super().validate_disconnect(account, accounts)
        others = [other for other in accounts if other.pk != account.pk]
        if code := disconnect.refusal_code(account, others):
            raise self.validation_error(code)
        disconnect.mark(account)


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    """Account adapter for sites that have none of their own: name it in ``ACCOUNT_ADAPTER``."""


class SocialAccountAdapter(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    """Social account adapter for sites that have none: name it in ``SOCIALACCOUNT_ADAPTER``."""


def _signs_up(request: HttpRequest | None) -> bool:
    """Return whether the request is a sign-up.

    The names of allauth's views tell, or that ``is_open_for_signup`` was called, as views of the
    site's own do too. The call alone does not tell: allauth's headless views call it only after
    they have read the form, and many a site's adapter overrides it without calling ``super()``.
    """
    match = request.resolver_match if request is not None else None
    by_name = match is not None and "signup" in (match.url_name or "")
    return by_name or getattr(request, SIGNING_UP, False)


def _shows_pages(request: HttpRequest | None) -> bool:
    """Return whether a message to this visitor ends up on a page, where it may contain links."""
    by_script = request is not None and "X-Requested-With" in request.headers
    return not by_script and not is_headless(request)


def _sign_in_before_confirming(request: HttpRequest) -> HttpResponse:
    """Refuse a confirmation link that was opened elsewhere, maybe by a stranger. It stays valid."""
    message = _(
        "This address was added to an account that is opened with a wallet. Sign in with that "
        "wallet in this browser, then open the link again: it is still valid. If you did not add "
        "this address, ignore the e-mail."
    )
    if is_headless(request):
        return _headless_error(request, LoginRequired.code, message, LoginRequired.status)
    get_account_adapter().add_message(request, messages.WARNING, message=message)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('moralis_login')}?{query}")


def _refuse_user(request: HttpRequest, account: SocialAccount) -> HttpResponse:
    """Refuse a sign-up in allauth's own views, which do not know ``WalletError``."""
    error = user_refused()
    events.reset()
    events.set_wallet(account.get_provider_account().wallet)
    events.wallet_refused(request, error)
    if is_headless(request):
        return _headless_error(request, error.code, str(error.message), error.status)
    request.GET = request.POST = QueryDict()  # what they hold belongs to another form
    return refuse_page(request, error)


def _headless_error(request: HttpRequest, code: str, message: str, status: int) -> HttpResponse:
    from allauth.headless.base.response import APIResponse  # noqa: PLC0415 - not every site has it

    errors = [{"code": code, "message": message}]
    response: HttpResponse = APIResponse(request, errors=errors, status=status)
    return response


def _start_again(request: HttpRequest) -> HttpResponse:
    message = _("The form was open for too long. Please sign in with your wallet again.")
    return _back_to_the_wallet(request, message)


def _sign_in_instead(request: HttpRequest) -> HttpResponse:
    """Refuse a sign-up for a wallet that was new when it signed, but has an account by now."""
    return _back_to_the_wallet(request, str(flows.HAS_ACCOUNT))


def _back_to_the_wallet(request: HttpRequest, message: str) -> HttpResponse:
    if is_headless(request):
        from allauth.headless.base.response import ConflictResponse  # noqa: PLC0415 - not every site has it

        response: HttpResponse = ConflictResponse(request)
        return response
    return flows.back_to_the_wallet(request, message)
