"""The provider: how a verified wallet becomes allauth's ``SocialAccount``."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from . import conf
from .ethereum import ens
from .internal import labels, tokens
from .internal.sociallogin import WalletLogin
from .siwx import chains, record
from .siwx.wallets import APTOS, EVM, NETWORKS, SOLANA, VerifiedWallet, Wallet

NETWORK_NAMES = {EVM: "Ethereum", SOLANA: "Solana", APTOS: "Aptos"}


def chain_name(chain_id: int) -> str:
    """Return the name by which people know an EVM chain, or one that is made of its number."""
    chain = chains.find(chain_id)
    return chain.name if chain else _("chain %(number)s") % {"number": chain_id}


class MoralisAccount(ProviderAccount):
    """A wallet as allauth's pages name it, and as the profile page shows it."""

    @property
    def wallet(self) -> Wallet:
        wallet, network = Wallet.from_uid(self.account.uid), self.data.get("network")
        return replace(wallet, network=network) if network in NETWORKS else wallet

    @property
    def data(self) -> dict[str, Any]:
        data = self.account.extra_data
        return data if isinstance(data, dict) else {}

    @property
    def verified(self) -> dict[str, Any]:
        """The fields of the last verification, with the Auth API's names and in its order."""
        verified = self.data.get("verified")
        return verified if isinstance(verified, dict) else {}

    @property
    def fields(self) -> list[tuple[str, Any]]:
        """The items of ``verified``. In a template ``verified.items`` would look up a key."""
        return list(self.verified.items())

    @property
    def verified_at(self) -> datetime | None:
        try:
            # In the time zone of the request. At the ends of time some moments do not exist there,
            # and a page that converted them would fail.
            return localtime(datetime.fromisoformat(self.data["verified_at"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    @property
    def network_name(self) -> str:
        """The name that people know: of the network or, for a contract wallet, of its chain."""
        chain_id = self.wallet.chain_id
        return NETWORK_NAMES[self.wallet.network] if chain_id is None else chain_name(chain_id)

    @property
    def label(self) -> str:
        """The owner's own name for the wallet, or the empty string."""
        label = self.data.get(labels.KEY)
        return label if isinstance(label, str) else ""

    @property
    def can_have_ens_name(self) -> bool:
        """Whether pages show the wallet's ENS name, if it has one."""
        return conf.current().shows_names and ens.can_have_name(self.wallet)

    def to_str(self) -> str:
        name = f"{self.label} · {self.wallet.short}" if self.label else self.wallet.short
        # An EVM wallet with a key is the same on every chain, and needs no further name.
        is_plain = self.wallet.network == EVM and self.wallet.chain_id is None
        return name if is_plain else f"{name} ({self.network_name})"

    def get_profile_url(self) -> str | None:
        return chains.address_url(self.wallet, self.data.get("chain_id"))


class MoralisProvider(Provider):
    id = conf.PROVIDER_ID
    name = conf.DEFAULTS["NAME"]
    account_class = MoralisAccount
    uses_apps = False
    supports_redirect = True
    supports_token_authentication = True

    def __init__(self, request: HttpRequest, app: None = None) -> None:
        super().__init__(request, app=app)
        # "Wallet" in people's language. A site's own name, too, where its catalogues have it.
        self.name = _(conf.current().name)

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:  # noqa: ARG002 - allauth's signature
        url = reverse("moralis_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        state_id = self.stash_redirect_state(request, process, next_url, data, **kwargs)
        return HttpResponseRedirect(self.get_login_url(request, state=state_id))

    def verify_token(self, request: HttpRequest, token: dict[str, Any]) -> SocialLogin:
        """Verify ``token["id_token"]``, a proof as JSON, for allauth's headless token endpoint.

        Raise ``ValidationError`` with our code, as allauth expects it.
        """
        return tokens.verify_token(request, self, token)

    def sociallogin_from_response(
        self, request: HttpRequest, response: VerifiedWallet
    ) -> WalletLogin:
        login = super().sociallogin_from_response(request, response)
        return WalletLogin(user=login.user, account=login.account, provider=self)

    def extract_uid(self, data: VerifiedWallet) -> str:
        return data.wallet.uid

    def extract_extra_data(self, data: VerifiedWallet) -> dict[str, Any]:
        return record.extra_data(data)


provider_classes = [MoralisProvider]
