"""Mixins for the site's adapters: allauth's own pages know of wallets."""

from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .proving import is_proven

DISCONNECT = 3  # seconds, in which a connected account is deleted

LAST_WAY_IN = gettext_lazy(
    "This is the last way into your account. Add an e-mail address and set a password, or link "
    "another wallet first."
)


class WalletReauthenticationMixin:
    """Put it before allauth's adapter: ``class Adapter(WalletReauthenticationMixin, …)``.

    * Who is asked to confirm their access (``ACCOUNT_REAUTHENTICATION_REQUIRED``) may do so with a
      wallet.
    * Who has nothing but wallets, and whom allauth would let pass, is asked for one.

    Afterwards allauth goes on with what it held up, as after its own methods. A headless client
    gets allauth's 401; its ``flows`` do not name the wallet, for allauth has no hook there.
    """

    request: HttpRequest | None

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)  # type: ignore[misc]  # of the adapter beside this mixin
        if _has_wallet(user):
            url = reverse("moralis_reauthenticate")
            methods.append({"id": "moralis", "description": str(_("Use your wallet")), "url": url})
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)  # type: ignore[misc]  # of the adapter beside this mixin
        request = self.request
        if (
            required
            and request is not None
            and not is_proven(request, app_settings.REAUTHENTICATION_TIMEOUT)
            and self._has_only_wallets(request.user)
        ):
            raise ReauthenticationRequired
        return required

    def _has_only_wallets(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        others = super().get_reauthentication_methods(user)  # type: ignore[misc]  # of the adapter beside this mixin
        return not others and _has_wallet(user)


class WalletDisconnectMixin:
    """Put it before allauth's social adapter: the guard on the last way in says what to do.

    The guard itself is allauth's. It counts passwords and connected accounts, and no passkeys.
    """

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": LAST_WAY_IN,
        "disconnect_last": LAST_WAY_IN,
        "one_at_a_time": gettext_lazy("One after the other, please. Try again in a moment."),
        "no_verified_email": gettext_lazy(
            "This is the last way into your account. Confirm an e-mail address or link another "
            "wallet first."
        ),
    }

    def validate_disconnect(
        self, account: SocialAccount, accounts: QuerySet[SocialAccount]
    ) -> None:
        """allauth counts, then deletes: two requests at once would each leave the other's."""
        super().validate_disconnect(account, accounts)  # type: ignore[misc]  # of the adapter beside this mixin
        # The same account may come again: held up to confirm the access, the form is sent twice.
        leaving = cache.get_or_set(
            f"allauth_moralis:disconnect:{account.user_id}", account.pk, timeout=DISCONNECT
        )
        if leaving != account.pk:
            raise self.validation_error("one_at_a_time")  # type: ignore[attr-defined]  # as above


def _has_wallet(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(
        user.is_authenticated
        and SocialAccount.objects.filter(user_id=user.pk, provider="moralis").exists()
    )
