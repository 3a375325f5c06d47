"""The template contexts of the wallet page and the profile page. No HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from allauth import app_settings as allauth_settings
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf, forms, reauthentication
from ..conf import PROVIDER_ID
from ..devices import contexts as devices
from ..devices.states import DeviceRequest
from ..exceptions import WalletAlreadyLinked, WalletError
from ..forms import DEVICE
from ..provider import MoralisAccount, chain_name
from ..reauthentication import REAUTHENTICATE
from . import wallet_links
from .responses import device_address
from .stash import Pending

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: What becomes of the form that allauth held up until people reauthenticate, by the name of its
#: view.
HELD_UP = {
    "account_email": gettext_lazy(
        "Afterwards, your change to your e-mail addresses will be carried out."
    ),
    "account_set_password": gettext_lazy("Afterwards, your new password will be set."),
    "account_change_password": gettext_lazy("Afterwards, your new password will be set."),
    "socialaccount_connections": gettext_lazy(
        "Afterwards, the connection that you chose will be removed."
    ),
    "mfa_deactivate_totp": gettext_lazy("Afterwards, your authenticator app will be turned off."),
}

#: Seconds that the page waits for an answer to the signature, beyond what the server itself waits.
MARGIN = 7
#: The EIP-155 id of Ethereum's main network.
ETHEREUM = 1
#: Attribute of a request: how many pickers of wallets its page has so far.
PICKERS = "allauth_moralis_pickers"


#: The processes of people who are signed in already.
SIGNED_IN = (AuthProcess.CONNECT, REAUTHENTICATE)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a wallet page is for. It decides nothing, and goes along with each challenge request."""

    process: str = AuthProcess.LOGIN
    next: str = ""
    state: str = ""
    #: The id of another device's request, where the process is ``DEVICE``.
    device: str = ""

    @classmethod
    def posted(cls, data: Mapping[str, str]) -> Self:
        """Return what the page was for from which a form came."""
        if data.get("process") == DEVICE and conf.current().cross_device:
            return cls(DEVICE, device=data.get("device", "")[: forms.MAX_FIELD])
        return cls.parse(data)

    @classmethod
    def parse(cls, data: Mapping[str, str]) -> Self:
        process = data.get("process", "")
        return cls(
            process if process in forms.PROCESSES else AuthProcess.LOGIN,
            forms.safe_next(data.get("next", "")) or "",
            data.get("state", "")[: forms.MAX_FIELD],
        )

    @classmethod
    def of(cls, pending: Pending) -> Self:
        state = pending.login_state
        if state["process"] == DEVICE:
            return cls(DEVICE, device=state["device"])
        return cls(state["process"], state.get("next", ""), pending.redirect_state_id or "")

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in self.fields.items() if value})

    @property
    def fields(self) -> dict[str, str]:
        """The fields that a challenge request adds. A state replaces the process and ``next``."""
        if self.state:
            return {"state": self.state}
        if self.process == DEVICE:
            return {"process": self.process, "device": self.device}
        return {"process": self.process, "next": self.next}


def wallet_page(
    request: HttpRequest,
    page_request: PageRequest,
    *,
    error: WalletError | None,
    device: DeviceRequest | None = None,
) -> dict[str, Any]:
    """Return the context of the wallet page; ``page`` is what its script reads."""
    process = page_request.process
    sign_in_first = process in SIGNED_IN and not request.user.is_authenticated
    login_url = _login_url(page_request.next)
    if sign_in_first:
        # They sign in by e-mail, or with a wallet that is already linked, and then return here.
        here = f"{reverse('moralis_login')}?{page_request.query}"
        login_url = _login_url(here) or _with_next(reverse("moralis_login"), here)
    confirms = process == REAUTHENTICATE and not sign_in_first
    is_phone = process == DEVICE
    links = process == AuthProcess.CONNECT and not sign_in_first
    chain = _chain_to_switch_to()
    links_to_apps = _wallet_links(request, page_request, device)
    return {
        "page_request": page_request,
        "suffix": _suffix(request),
        "error": error,
        "sign_in_first": sign_in_first,
        "linked": wallets_of(request) if confirms else [],
        "alternatives": _alternatives(request, page_request) if confirms else [],
        "login_url": login_url,
        "wallet_links": links_to_apps,
        "device": device,
        "ask_device": None if is_phone or sign_in_first else devices.ask(page_request.fields),
        "chain_name": chain_name(chain) if chain else "",
        "page": {
            "challengeUrl": reverse("moralis_challenge"),
            "csrfHeader": devices.csrf_header(),
            "networks": list(conf.current().networks),
            **({"chain": chain} if chain else {}),
            "signedIn": request.user.is_authenticated,
            "linked": [wallet.account.uid for wallet in wallets_of(request)] if links else [],
            "fields": page_request.fields,
            "patience": round(sum(conf.current().timeout) + MARGIN) * 1000,
            "texts": _texts(is_linked=bool(links_to_apps) and _says_phone(request)),
        },
    }


def _chain_to_switch_to() -> int | None:
    """Return the chain for a wallet that is on one that the site does not accept, if there is one.

    Every wallet knows Ethereum's main network; else the one that the site names first.
    """
    chains = list(conf.current().chains or [])
    return ETHEREUM if ETHEREUM in chains else next(iter(chains), None)


def _wallet_links(
    request: HttpRequest, page_request: PageRequest, device: DeviceRequest | None
) -> list[dict[str, str]]:
    """Return the links that open this very page in a wallet's own browser."""
    if page_request.process == DEVICE:
        return wallet_links.links_to(device_address(request, device)) if device else []
    # Without a state, which is of use in this browser alone.
    query = PageRequest(page_request.process, page_request.next).query
    return wallet_links.links_to(request.build_absolute_uri(f"{reverse('moralis_login')}?{query}"))


def _suffix(request: HttpRequest) -> str:
    """Return what sets the ids of this picker apart from those of others on the same page."""
    number = getattr(request, PICKERS, 0) + 1
    setattr(request, PICKERS, number)
    return f"-{number}" if number > 1 else ""


def wallets_of(request: HttpRequest) -> list[MoralisAccount]:
    """Return the wallets of the user who is signed in, oldest first."""
    user = cast("AbstractBaseUser", request.user)
    accounts = SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER_ID)
    return [account.get_provider_account() for account in accounts.order_by("date_joined")]


def _alternatives(request: HttpRequest, page_request: PageRequest) -> list[dict[str, str]]:
    """Return the other methods to reauthenticate, as allauth's own pages offer them."""
    return [
        {**method, "url": _with_next(method["url"], page_request.next)}
        for method in reauthentication.methods_of(request)
        if method["id"] != PROVIDER_ID and method["url"] != request.path
    ]


def goes_on(request: HttpRequest) -> str | None:
    """Say what will be resumed after reauthentication, if anything waits for it."""
    path = reauthentication.held_up_path(request)
    if path is None:
        return None
    try:
        name = resolve(path).url_name
    except Resolver404:
        name = None
    return str(
        HELD_UP.get(name or "", _("Afterwards, the form that you sent will be carried out."))
    )


def _login_url(next_url: str) -> str | None:
    """Return the URL of allauth's login page, if the site has one."""
    if allauth_settings.SOCIALACCOUNT_ONLY:
        return None
    try:
        url = reverse("account_login")
    except NoReverseMatch:  # HEADLESS_ONLY
        return None
    return _with_next(url, next_url)


def _with_next(url: str, next_url: str) -> str:
    return f"{url}?{urlencode({'next': next_url})}" if next_url else url


def _says_phone(request: HttpRequest) -> bool:
    """Return whether a browser says that it is a phone's, which has no extensions."""
    return "Mobi" in request.headers.get("User-Agent", "")


def _texts(*, is_linked: bool) -> dict[str, str]:
    """Return the texts that the page's script shows.

    ``is_linked`` where links to wallets' apps follow, and stand for what can be done.
    """
    failed = _("Something went wrong in your wallet. Open it, check that it works, and try again.")
    return {
        "searching": _("Looking for wallets in this browser…"),
        "choose": _("Choose a wallet."),
        "browserWallet": _("Browser wallet"),
        "connecting": _(
            "Open your wallet and allow this site to see your address. If nothing opens, cancel "
            "and try again."
        ),
        "preparing": _("Preparing the text to sign…"),
        "signing": _("Read the text in your wallet, then sign it. Signing costs nothing."),
        "renewed": _(
            "The time to sign ran out, so your wallet was sent a new text. Decline the old one, "
            "then read and sign the new one."
        ),
        "sending": _("Checking the signature…"),
        "none": (
            _("No wallet was found in this browser. This is what you can do:")
            if is_linked
            else _(
                "No wallet was found in this browser. Install a wallet extension and reload this "
                "page, or open this page in the browser of your wallet's app."
            )
        ),
        "rejected": _("You declined in your wallet, and nothing has changed. You can try again."),
        "pending": _(
            "Your wallet is still waiting for your answer. Open it, answer there, and try again."
        ),
        "locked": _(
            "Your wallet did not share an account. Unlock it, choose an account, and try again."
        ),
        "closed": _(
            "Your wallet was closed or said no, and nothing has changed. You can try again."
        ),
        "silent": _("Your wallet has not answered. Open it, check that it works, and try again."),
        "expired": _("The time to sign has run out. Please start again."),
        "unknownChain": _("Your wallet does not know that chain. Add it there, and try again."),
        "linked": str(WalletAlreadyLinked.message),
        "unsupported": failed,
        "walletFailed": failed,
        "network": _("This site could not be reached. Check your connection and try again."),
        "reload": _("This page is out of date. Reload it and try again."),
    }
