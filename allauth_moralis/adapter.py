"""A mixin for the site's ``ACCOUNT_ADAPTER``: allauth's own pages take a wallet's proof."""

from typing import Any

from allauth.account import app_settings
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .proving import REAUTHENTICATE, ask, is_proven


class WalletReauthenticationMixin:
    """Put it before allauth's adapter: ``class Adapter(WalletReauthenticationMixin, …)``.

    * Who is asked to confirm their access (``ACCOUNT_REAUTHENTICATION_REQUIRED``) may do so with a
      wallet.
    * Who has nothing but wallets, and whom allauth would let pass, is asked for one. In headless
      clients they pass, for allauth's interface has no way to ask.
    """

    request: HttpRequest | None

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)  # type: ignore[misc]  # of the adapter beside this mixin
        if _has_wallet(user):
            url = f"{reverse('moralis_login')}?{urlencode({'process': REAUTHENTICATE})}"
            methods.append({"id": "moralis", "description": str(_("Use your wallet")), "url": url})
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)  # type: ignore[misc]  # of the adapter beside this mixin
        request = self.request
        if (
            required
            and request is not None
            and not hasattr(getattr(request, "allauth", None), "headless")
            and self._has_only_wallets(request.user)
            and not is_proven(request, app_settings.REAUTHENTICATION_TIMEOUT)
        ):
            raise ImmediateHttpResponse(ask(request))
        return required

    def _has_only_wallets(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        others = super().get_reauthentication_methods(user)  # type: ignore[misc]  # of the adapter beside this mixin
        return not others and _has_wallet(user)


def _has_wallet(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(
        user.is_authenticated
        and SocialAccount.objects.filter(user_id=user.pk, provider="moralis").exists()
    )
