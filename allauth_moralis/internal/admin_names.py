"""ENS names in Django's admin, of the wallets of others: for staff who may view those."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..conf import PROVIDER_ID
from ..provider import MoralisAccount
from . import ens_names

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object


class EnsNameMixin(_Base):
    """Mixin for an admin class of ``SocialAccount`` with the field ``wallet_ens_name``."""

    @admin.display(description=_("ENS name"))
    def wallet_ens_name(self, account: Any) -> Any:
        """Leave room for the name, which a script fetches after the page."""
        if account.provider != PROVIDER_ID or not MoralisAccount(account).can_have_ens_name:
            return None
        return format_html(
            '<span data-moralis-ens="{}" hidden><bdi translate="no"></bdi></span>'
            '<script src="{}" data-url="{}" defer></script>',
            account.uid,
            static("moralis/names.js"),
            reverse(f"{self.admin_site.name}:{self._names_url()}", args=[account.pk]),
        )

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.wallet_names)
        return [path("<int:pk>/ens-names/", view, name=self._names_url()), *super().get_urls()]

    @method_decorator(transaction.non_atomic_requests)  # no transaction waits for a node
    def wallet_names(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the ENS name of one wallet, by uid."""
        account = self.get_object(request, str(pk))
        if account is None or account.provider != PROVIDER_ID:
            raise Http404
        if not self.has_view_permission(request, account):
            raise Http404
        return JsonResponse(ens_names.names_of(request, [account]))

    def _names_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_ens_names"
