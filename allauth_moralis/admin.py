"""Wallets in Django's admin: allauth's page of social accounts, with what was verified.

Pending challenges are not shown here: they live in sessions only.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.socialaccount.admin import SocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .conf import PROVIDER_ID
from .internal.admin_names import EnsNameMixin
from .provider import MoralisAccount
from .siwx import chains
from .siwx.wallets import CONTRACT, CONTRACT_UID_PREFIX

#: Who verifies wallets, in an operator's words.
VERIFIERS = {
    "moralis": _("Moralis Auth API"),
    "local": _("this site"),
    CONTRACT: _("the wallet's contract"),
}


def _wallet(account: Any) -> MoralisAccount | None:
    if account is None or account.provider != PROVIDER_ID:
        return None
    return MoralisAccount(account)


def _column(description: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a column that stays empty for the accounts of other providers."""

    def decorate(show: Callable[[Any, MoralisAccount], Any]) -> Callable[..., Any]:
        @admin.display(description=description)
        def column(self: Any, account: Any) -> Any:
            wallet = _wallet(account)
            return None if wallet is None else show(self, wallet)

        return column

    return decorate


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


class WalletKindFilter(admin.SimpleListFilter):
    """Filter the list by what signs: a key, or a contract."""

    title = _("kind of wallet")
    parameter_name = "wallet_kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> Any:
        return (("key", _("Wallets with a key")), (CONTRACT, _("Contract wallets")))

    def queryset(self, _request: HttpRequest, queryset: Any) -> Any:
        wallets = queryset.filter(provider=PROVIDER_ID)
        if self.value() == "key":
            return wallets.exclude(uid__startswith=CONTRACT_UID_PREFIX)
        if self.value() == CONTRACT:
            return wallets.filter(uid__startswith=CONTRACT_UID_PREFIX)
        return queryset


class WalletAdminMixin(EnsNameMixin):
    """Mixin for a site's own admin class of ``SocialAccount``, to show wallets as ours does."""

    wallet_list_display = (
        "wallet_network",
        "wallet_chain",
        "wallet_verified_by",
        "wallet_verified_at",
        "wallet_explorer",
    )
    #: Read-only, as is everything in ``wallet_fieldsets``, because it is evidence: once edited, the
    #: row would claim a signature that was never given, and no wallet can ever sign in with an
    #: address that is spelled differently.
    wallet_evidence = ("provider", "uid")
    #: Read-only for everyone but superusers: staff who move their own wallet to a superuser's
    #: account, or turn another row into that of a wallet, are superusers at their next sign-in.
    wallet_owner = ("user",)
    wallet_fieldsets = (
        (_("Wallet"), {"fields": (*wallet_list_display, "wallet_ens_name")}),
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
        chain_id = wallet.wallet.chain_id or wallet.data.get("chain_id")
        chain = chains.find(chain_id)
        if chain is not None:
            return f"{chain.name} ({chain_id})"
        return chain_id or wallet.verified.get("network")

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

    def get_list_filter(self, request: HttpRequest) -> Any:
        return (*super().get_list_filter(request), WalletKindFilter)

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
    """allauth's admin class, which finds any part of a uid in any letter case, with our columns."""


def register(site: admin.AdminSite) -> None:
    """Replace allauth's own admin class with ours, but leave a site's own choice alone.

    The import above has registered allauth's, whichever app comes first in ``INSTALLED_APPS``.
    """
    if (
        site.is_registered(SocialAccount)
        and type(site.get_model_admin(SocialAccount)) is SocialAccountAdmin
    ):
        site.unregister(SocialAccount)
        site.register(SocialAccount, WalletSocialAccountAdmin)


register(admin.site)
