"""Telephone numbers, as allauth's document of ``ACCOUNT_SIGNUP_FIELDS`` has a site keep them."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import send_mail

from allauth_moralis.adapter import WalletReauthenticationMixin

from .models import Caller


class Adapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        user.phone, user.phone_verified = phone, verified
        user.save(update_fields=["phone", "phone_verified"])

    def set_phone_verified(self, user: Any, phone: str) -> None:
        self.set_phone(user, phone, verified=True)

    def get_user_by_phone(self, phone: str) -> Any:
        return Caller.objects.filter(phone=phone).first()

    def send_verification_code_sms(
        self,
        user: Any,  # noqa: ARG002 - allauth's signature
        phone: str,
        code: str,
        **_: Any,
    ) -> None:
        send_mail("SMS", code, None, [phone])
