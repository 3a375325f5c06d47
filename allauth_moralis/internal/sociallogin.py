"""A ``SocialLogin`` that two browsers can save at the same time."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import user_email, user_username
from allauth.core import context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import social_account_updated
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, connections, router
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from ..conf import PROVIDER_ID
from ..exceptions import Misconfigured
from . import labels
from .transactions import writing

#: How long after a new wallet has signed its sign-up form, say for an e-mail address, stays valid.
SIGNUP_TIMEOUT = timedelta(minutes=10)


#: Attribute of a request in which a new user was given a name that nobody has.
FREE_USERNAME = "_moralis_free_username"


class WalletLogin(SocialLogin):
    """A social login that writes both the user and the social account, or neither.

    allauth writes one after the other, so when a new wallet signs in twice at the same time, the
    second sign-in fails in between. Here the second one joins the account of the first.
    """

    account: SocialAccount
    user: Any  # of the site's user model
    #: Whether the caller has a transaction for the whole sign-in, which an error ends.
    is_in_transaction = False
    _was_found = False

    def lookup(self) -> None:
        """Find the account that this wallet opens, and store the new evidence there.

        Accounts are never found by e-mail, because a wallet has none. The owner's label is kept.
        If the wallet was to be linked but opens somebody else's account, that row stays as it is,
        and allauth will refuse. The row is locked, so that one that is being removed is not written
        again.
        """
        self._did_authenticate_by_email = None
        request = context.request
        with writing(savepoint=not self.is_in_transaction):
            rows = rows_of(self.account, lock=True).select_related("user")
            account = next(iter(rows), None)
            if account is None:
                return
            evidence = labels.keep(account.extra_data, self.account.extra_data)
            self.account, self.user = account, account.user
            self._was_found = True
            links = self.state.get("process") == AuthProcess.CONNECT
            if links and account.user_id != request.user.pk:
                return
            account.extra_data = evidence
            account.save(force_update=True, update_fields=["extra_data", "last_login"])
        social_account_updated.send(sender=SocialLogin, request=request, sociallogin=self)

    @property
    def is_existing(self) -> bool:
        """Whether there is a user already. Do not ask for the one that was just read."""
        return self._was_found or super().is_existing

    def save(self, request: HttpRequest, connect: bool = False) -> None:
        try:
            self._write(request, connect)
        except IntegrityError:
            existing = rows_of(self.account).first()
            if existing is None:
                if connect:
                    raise
                self._write_under_another_name(request)
            elif connect and existing.user_id != self.user.pk:
                raise get_adapter().validation_error("connected_other") from None
            else:
                self.account, self.user = existing, existing.user

    def _write(self, request: HttpRequest, connect: bool) -> None:
        if not connect and not user_email(self.user):
            user_email(self.user, empty_email())
        with writing():
            super().save(request, connect)

    def _write_under_another_name(self, request: HttpRequest) -> None:
        """Try again with another user name: another wallet's user may just have taken this one."""
        if not account_settings.USER_MODEL_USERNAME_FIELD:
            raise user_refused()
        self._rename(request)
        try:
            self._write(request, connect=False)
        except IntegrityError:
            raise user_refused() from None

    def _rename(self, request: HttpRequest) -> None:
        self.user.pk = self.account.pk = None
        name = get_account_adapter(request).generate_unique_username([user_username(self.user)])
        user_username(self.user, name)


def user_refused() -> Misconfigured:
    """Return the refusal of a user that the site's user model cannot store."""
    return Misconfigured("the database refuses the new user; manage.py check may know why")


def empty_email() -> str | None:
    """Return how to store a missing address: as NULL if possible, which may occur repeatedly."""
    field = _email_field()
    return None if field is not None and field.null else ""


def email_must_be_unique() -> bool:
    """Return whether the user model refuses the same address, or none, a second time."""
    field = _email_field()
    return field is not None and field.unique


def _email_field() -> Any:
    """Return the user model's field for an e-mail address, or ``None``."""
    try:
        name = account_settings.USER_MODEL_EMAIL_FIELD or ""
        return get_user_model()._meta.get_field(name)  # noqa: SLF001 - documented by Django
    except FieldDoesNotExist:
        return None


def rows_of(account: SocialAccount, *, lock: bool = False) -> QuerySet[SocialAccount]:
    """Return a query for the stored row of this wallet, of which there is one at most."""
    database = router.db_for_write(SocialAccount)
    rows: QuerySet[SocialAccount] = SocialAccount.objects.using(database).filter(
        provider=account.provider, uid=account.uid
    )
    if lock:
        of = ("self",) if connections[database].features.has_select_for_update_of else ()
        rows = rows.select_for_update(of=of)
    return rows


def sign_up_has_expired(sociallogin: SocialLogin) -> bool:
    """Return whether a wallet signed so long ago that somebody else may be at its sign-up form."""
    if sociallogin.account.provider != PROVIDER_ID:
        return False
    signed_at = datetime.fromisoformat(sociallogin.account.extra_data["verified_at"])
    return now() - signed_at > SIGNUP_TIMEOUT
