"""The provider's settings, ``SOCIALACCOUNT_PROVIDERS["moralis"]``, typed and read late.

Missing keys get their defaults here; whether the values are valid is decided in ``checks``.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from allauth.socialaccount import app_settings

#: allauth's id of the provider: ``SocialAccount.provider``, and the key of the settings above.
PROVIDER_ID = "moralis"

LOCAL_BACKEND = "allauth_moralis.backends.local.LocalBackend"
MORALIS_BACKEND = "allauth_moralis.backends.moralis.backend.MoralisBackend"

#: By process, the line of the text that says what is being done. Because the text says so, people
#: who read it cannot be tricked into doing something else.
STATEMENTS = {
    "login": "Sign in to {domain}",
    "connect": "Link this wallet to your account at {domain}",
    "reauthenticate": "Confirm that it is you at {domain}",
}

#: The same where another device asked. A site cannot replace them: somebody may be talked into
#: scanning a stranger's code, and then this line is all that tells them what they would do.
DEVICE_STATEMENTS = {
    "login": "Sign in ANOTHER device at {domain}, which shows the number {number}",
    "connect": (
        "Link this wallet to an account on ANOTHER device at {domain}, "
        "which shows the number {number}"
    ),
    "reauthenticate": (
        "Confirm on ANOTHER device at {domain}, which shows the number {number}, that it is you"
    ),
}


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    told: Any = {"metadata": {"meaning": meaning}, "repr": not secret}
    if isinstance(default, dict):
        make: Callable[[], Any] = default.copy
        return field(default_factory=make, **told)
    return field(default=default, **told)


class SecretUrl(str):
    """A URL that may contain a key. Django shows settings on its debug page and in error mails."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********************'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that the site has written, with the defaults for the rest.

    Each field is a key in lower case and holds the value as it was written. The properties and
    methods say what follows from it.
    """

    api_key: str = _setting(
        "", "Moralis API key. Empty: the embedded verifier is used", secret=True
    )
    backend: str | None = _setting(None, "Dotted path of the backend. None: API_KEY decides")
    base_url: str = _setting("https://authapi.moralis.io", "URL of the Moralis Auth API")
    networks: Collection[str] = _setting(("evm", "solana"), "Which networks are offered")
    chains: Collection[int] | None = _setting(None, "Accepted EIP-155 chain ids. None: any")
    domain: str | None = _setting(None, "The domain in the text. None: the request's host")
    statement: str | Mapping[str, str] | None = _setting(
        None, "The line that says what is being done: one for all processes, or one for each"
    )
    challenge_ttl: int = _setting(120, "Seconds in which a challenge must be answered")
    rate_limits: Mapping[str, str] | Literal[False] = _setting(
        {"challenge": "30/m/ip", "verify": "30/m/ip", "device": "10/m/ip"},
        "Rate limits in allauth's notation. False turns them off",
    )
    timeout: tuple[float, float] = _setting(
        (3, 10), "Seconds to connect to the service, and to receive its whole response"
    )
    # Translated where it is shown. No mark for translators here: it would need Django's settings,
    # and the admin has the same word.
    name: str = _setting("Wallet", "What buttons and the connections page call the provider")
    fallback: str | None = _setting(
        None, '"local": use the embedded verifier while the service does not answer'
    )
    rpc: Mapping[int, str] = _setting(
        {},
        "By EIP-155 chain id, the URL of a JSON-RPC node, for contract wallets and ENS",
        secret=True,
    )
    ens: bool | None = _setting(
        None, "Whether people's ENS names are shown. None: if RPC has chain 1"
    )
    wallet_links: Collection[Mapping[str, Any]] | None = _setting(
        None, "Links that open a page in a wallet's own browser. None: the built-in ones"
    )
    cross_device: bool = _setting(
        False, "Whether a wallet on a phone may sign in a computer that has none"
    )

    @property
    def backend_path(self) -> str:
        return self.backend or (MORALIS_BACKEND if self.api_key else LOCAL_BACKEND)

    @property
    def falls_back(self) -> bool:
        """Whether the embedded verifier is used while the service does not answer."""
        return self.fallback == "local"

    @property
    def shows_names(self) -> bool:
        """Whether people's ENS names are shown, for which a node of chain 1 is needed."""
        return 1 in self.rpc and self.ens is not False

    @property
    def limits(self) -> Mapping[str, str]:
        """The rate limits by action, with the defaults for actions that the site leaves out."""
        if self.rate_limits is False:
            return {}
        limits = {**DEFAULTS["RATE_LIMITS"], **self.rate_limits}
        if not self.cross_device:  # there is nothing to count
            del limits["device"]
        return limits

    def allows_chain(self, chain_id: int) -> bool:
        return self.chains is None or chain_id in self.chains

    def statement_for(self, process: str, domain: str) -> str:
        """Return the line of the text that says what is being done."""
        own = {} if self.statement is None else self.statement
        if isinstance(own, Mapping):
            own = own.get(process, STATEMENTS.get(process, STATEMENTS["login"]))
        # Not str.format: a statement may hold braces of its own.
        return str(own).replace("{domain}", domain)

    def device_statement_for(self, process: str, domain: str, number: str) -> str:
        """Return the line that says what is being done on another device, and on which."""
        statement = DEVICE_STATEMENTS.get(process, DEVICE_STATEMENTS["login"])
        return statement.format(domain=domain, number=number)


_FIELDS = {each.name.upper(): each.name for each in fields(Settings)}

#: The default of each key. What is in force is ``current()``.
DEFAULTS: dict[str, Any] = {key: getattr(Settings(), name) for key, name in _FIELDS.items()}


def configured() -> dict[str, Any]:
    """Return the settings exactly as the site has written them."""
    value: dict[str, Any] = app_settings.PROVIDERS.get(PROVIDER_ID, {})
    return value


def hide_nodes() -> None:
    """Keep the URLs of nodes out of whatever shows the site's settings. They stay what they are.

    Django hides settings by their names, and would show these.
    """
    nodes = configured().get("RPC")
    if isinstance(nodes, dict):
        nodes.update(
            {chain: SecretUrl(url) for chain, url in nodes.items() if isinstance(url, str)}
        )


def current() -> Settings:
    """Return the settings that are in force now. Keys that do not exist are ignored."""
    return Settings(
        **{_FIELDS[key]: value for key, value in configured().items() if key in _FIELDS}
    )
