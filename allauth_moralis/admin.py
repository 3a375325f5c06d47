"""Wallets in Django's admin: allauth's page of social accounts, with what was verified.

Nothing of a challenge that waits for its answer is here: those live in sessions alone.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from allauth.socialaccount.admin import SocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .conf import PROVIDER_ID
from .provider import MoralisAccount

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object

#: Who verified it, as an operator knows them.
VERIFIERS = {"moralis": _("Moralis Auth API"), "local": _("this site")}


def _wallet(account: Any) -> MoralisAccount | None:
    if account is None or account.provider != PROVIDER_ID:
        return None
    return MoralisAccount(account)


def _column(description: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A column that is empty for the accounts of other providers."""

    def decorate(show: Callable[[Any, MoralisAccount], Any]) -> Callable[..., Any]:
        @admin.display(description=description)
        def column(self: Any, account: Any) -> Any:
            wallet = _wallet(account)
            return None if wallet is None else show(self, wallet)

        return column

    return decorate


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


class WalletAdminMixin(_Base):
    """What a site's own admin class for ``SocialAccount`` takes to show wallets as ours does."""

    wallet_list_display = (
        "wallet_network",
        "wallet_chain",
        "wallet_verified_by",
        "wallet_verified_at",
        "wallet_explorer",
    )
    #: Read-only, as is all of ``wallet_fieldsets``: evidence. Somebody who edits it makes the row
    #: tell of a signature that nobody gave, and an address that is spelled otherwise is one that
    #: no wallet ever signs in with.
    wallet_evidence = ("provider", "uid")
    #: Read-only to all but superusers: whoever moves their own wallet to a superuser's account, or
    #: makes a wallet's row of another one, is a superuser at the next sign-in.
    wallet_owner = ("user",)
    wallet_fieldsets = (
        (_("Wallet"), {"fields": wallet_list_display}),
        (
            _("What was signed"),
            {
                "fields": ("wallet_message", "wallet_signature", "extra_data"),
                "classes": ("collapse",),
            },
        ),
    )

    @_column(_("network"))
    def wallet_network(self, wallet: MoralisAccount) -> Any:
        return wallet.wallet.network

    @_column(_("chain"))
    def wallet_chain(self, wallet: MoralisAccount) -> Any:
        return wallet.data.get("chain_id") or wallet.verified.get("network")

    @_column(_("verified by"))
    def wallet_verified_by(self, wallet: MoralisAccount) -> Any:
        if source := wallet.data.get("imported_from"):
            return gettext("not verified yet; imported from %(source)s") % {"source": source}
        verifier = wallet.data.get("verified_by")
        return VERIFIERS.get(str(verifier), verifier)

    @_column(_("verified at"))
    def wallet_verified_at(self, wallet: MoralisAccount) -> datetime | None:
        return wallet.verified_at

    @_column(_("block explorer"))
    def wallet_explorer(self, wallet: MoralisAccount) -> Any:
        return format_html(
            '<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>',
            wallet.get_profile_url(),
            gettext("View"),
        )

    @_column(_("signed message"))
    def wallet_message(self, wallet: MoralisAccount) -> Any:
        return wallet.data.get("message")

    @_column(_("signature"))
    def wallet_signature(self, wallet: MoralisAccount) -> Any:
        return wallet.data.get("signature")

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*super().get_list_display(request), *self.wallet_list_display)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request) and super().has_add_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = super().get_readonly_fields(request, obj)
        if _wallet(obj) is None:
            return readonly if is_superuser(request) else (*readonly, "provider")
        owner = () if is_superuser(request) else self.wallet_owner
        return (*readonly, *owner, *self.wallet_evidence, *self._wallet_fields())

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if _wallet(obj) is None:
            return fieldsets
        ours = self._wallet_fields()
        theirs = [
            (
                name,
                {**options, "fields": [field for field in options["fields"] if field not in ours]},
            )
            for name, options in fieldsets
        ]
        return [*theirs, *self.wallet_fieldsets]

    def _wallet_fields(self) -> tuple[str, ...]:
        return tuple(name for _, options in self.wallet_fieldsets for name in options["fields"])


class WalletSocialAccountAdmin(WalletAdminMixin, SocialAccountAdmin):
    """allauth's, which finds a uid by any part of it in any letter case, and our columns."""


def register(site: admin.AdminSite) -> None:
    """Take the place of allauth's own class, and of no other: a site's choice stands.

    The import above has registered allauth's, whichever of the two apps is named first.
    """
    if (
        site.is_registered(SocialAccount)
        and type(site.get_model_admin(SocialAccount)) is SocialAccountAdmin
    ):
        site.unregister(SocialAccount)
        site.register(SocialAccount, WalletSocialAccountAdmin)


register(admin.site)
