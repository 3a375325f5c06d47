"""A ``SocialLogin`` that two browsers may save at once."""

from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import user_username
from allauth.core import context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import social_account_updated
from django.db import DatabaseError, IntegrityError, router, transaction
from django.http import HttpRequest

from . import labels


class WalletLogin(SocialLogin):
    """allauth writes the user, then the account, and a second first login fails in between.

    Here both are written or neither is, and whoever comes second joins the account that is there.
    """

    account: SocialAccount
    user: Any  # of the site's user model

    def lookup(self) -> None:
        """Find the account that this wallet opens, and keep the new evidence there.

        In one query where allauth needs three; never by e-mail, for a wallet has none. The label is
        its owner's, and stays. The row of somebody else's account, to which this wallet was to be
        linked, is left as it is: allauth will refuse.
        """
        self._did_authenticate_by_email = None
        known = SocialAccount.objects.filter(provider=self.account.provider, uid=self.account.uid)
        account = known.select_related("user").first()
        if account is None:
            return
        evidence = labels.keep(account.extra_data, self.account.extra_data)
        fresh = self.account, self.user
        self.account, self.user = account, account.user
        request = context.request
        if self.state.get("process") == AuthProcess.CONNECT and account.user_id != request.user.pk:
            return
        account.extra_data = evidence
        try:
            with transaction.atomic(using=router.db_for_write(SocialAccount)):
                account.save(force_update=True)
        except DatabaseError:
            if known.exists():
                raise
            # Removed meanwhile: to write it anew would bring back what its owner took away.
            self.account, self.user = fresh
            return
        social_account_updated.send(sender=SocialLogin, request=request, sociallogin=self)

    def save(self, request: HttpRequest, connect: bool = False) -> None:
        try:
            self._write(request, connect)
        except IntegrityError:
            existing = SocialAccount.objects.filter(
                provider=self.account.provider, uid=self.account.uid
            ).first()
            if existing is None:
                if connect or not account_settings.USER_MODEL_USERNAME_FIELD:
                    raise
                # Another wallet's user took the name meanwhile.
                self._rename(request)
                self._write(request, connect)
            elif connect and existing.user_id != self.user.pk:
                raise get_adapter().validation_error("connected_other") from None
            else:
                self.account, self.user = existing, existing.user

    def _write(self, request: HttpRequest, connect: bool) -> None:
        self._leave_email_empty()
        with transaction.atomic(using=router.db_for_write(SocialAccount)):
            super().save(request, connect)

    def _rename(self, request: HttpRequest) -> None:
        self.user.pk = self.account.pk = None
        name = get_account_adapter(request).generate_unique_username([user_username(self.user)])
        user_username(self.user, name)

    def _leave_email_empty(self) -> None:
        """A unique address can be missing many times as NULL, and once as ""."""
        if name := account_settings.USER_MODEL_EMAIL_FIELD:
            field = self.user._meta.get_field(name)  # noqa: SLF001 - documented by Django
            if field.null and not getattr(self.user, name):
                setattr(self.user, name, None)
