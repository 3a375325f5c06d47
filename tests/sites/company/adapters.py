"""As the documents say: the mixins stand before allauth's adapters, the site's own code stays."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest

from allauth_moralis.adapter import WalletReauthenticationMixin, WalletSocialAccountMixin


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's
        return getattr(settings, "COMPANY_IS_HIRING", True)


class SocialAccountAdapter(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002 - allauth's
        return getattr(settings, "COMPANY_IS_HIRING", True)

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Any:
        user = super().populate_user(request, sociallogin, data)
        names = data.get("first_name"), data.get("last_name")
        user.name = data.get("name") or " ".join(filter(None, names))
        return user
