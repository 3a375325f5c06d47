"""The provider's settings: ``SOCIALACCOUNT_PROVIDERS["moralis"]``, typed and read late.

What a value may be is judged in ``checks``; here a missing key gets its default.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from allauth.socialaccount import app_settings

#: allauth's id of the provider: ``SocialAccount.provider``, and the key of its settings.
PROVIDER_ID = "moralis"

LOCAL_BACKEND = "allauth_moralis.backends.local.LocalBackend"
MORALIS_BACKEND = "allauth_moralis.backends.moralis.backend.MoralisBackend"

#: The text says what is being done; a person who reads it cannot be made to do another thing.
STATEMENTS = {
    "login": "Sign in to {domain}",
    "connect": "Link this wallet to your account at {domain}",
    "reauthenticate": "Confirm that it is you at {domain}",
}


def _setting(default: Any, meaning: str) -> Any:
    if isinstance(default, dict):
        make: Callable[[], Any] = default.copy
        return field(default_factory=make, metadata={"meaning": meaning})
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the site has written, with the defaults for the rest.

    A field is a key in lower case. It holds the value as it was written; the properties and methods
    below it say what follows from it.
    """

    api_key: str = _setting("", "Moralis API key. Empty: the embedded verifier does the work")
    backend: str | None = _setting(None, "Dotted path of the backend; by default the key decides")
    base_url: str = _setting("https://authapi.moralis.io", "Where the Moralis Auth API is")
    networks: Collection[str] = _setting(("evm", "solana"), "Which networks are offered")
    chains: Collection[int] | None = _setting(None, "Allow-list of EIP-155 chain ids; None: any")
    domain: str | None = _setting(None, "The domain in the text; None: the request's host")
    statement: str | Mapping[str, str] | None = _setting(
        None, "The line that says what is being done; one for all, or one for each process"
    )
    challenge_ttl: int = _setting(120, "Seconds in which the challenge must be answered")
    rate_limits: Mapping[str, str] | Literal[False] = _setting(
        {"challenge": "30/m/ip", "verify": "30/m/ip"},
        "In allauth's notation; False turns them off",
    )
    timeout: tuple[float, float] = _setting(
        (3, 10), "Seconds to connect to the service, and to have its whole answer"
    )
    name: str = _setting("Wallet", "What buttons and the connections page call the provider")
    fallback: str | None = _setting(
        None, '"local": while the service does not answer, new challenges are made here'
    )

    @property
    def backend_path(self) -> str:
        return self.backend or (MORALIS_BACKEND if self.api_key else LOCAL_BACKEND)

    @property
    def falls_back(self) -> bool:
        """Whether the embedded verifier stands in while the service does not answer."""
        return self.fallback == "local"

    @property
    def limits(self) -> Mapping[str, str]:
        """Rate limits by action, with the defaults for actions that the site does not name."""
        if self.rate_limits is False:
            return {}
        return {**DEFAULTS["RATE_LIMITS"], **self.rate_limits}

    def allows_chain(self, chain_id: int) -> bool:
        return self.chains is None or chain_id in self.chains

    def statement_for(self, process: str, domain: str) -> str:
        """The line of the text that says what is being done."""
        own = {} if self.statement is None else self.statement
        if isinstance(own, Mapping):
            own = own.get(process, STATEMENTS.get(process, STATEMENTS["login"]))
        # Not str.format: a statement may hold braces of its own.
        return str(own).replace("{domain}", domain)


_FIELDS = {each.name.upper(): each.name for each in fields(Settings)}

#: By key, as sites write it. ``current()`` is what holds.
DEFAULTS: dict[str, Any] = {key: getattr(Settings(), name) for key, name in _FIELDS.items()}


def configured() -> dict[str, Any]:
    """Return what the site has written, as it stands."""
    value: dict[str, Any] = app_settings.PROVIDERS.get(PROVIDER_ID, {})
    return value


def current() -> Settings:
    """Return the settings as they are at this moment; keys that do not exist are left out."""
    return Settings(
        **{_FIELDS[key]: value for key, value in configured().items() if key in _FIELDS}
    )
