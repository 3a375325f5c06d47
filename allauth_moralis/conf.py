"""The provider's settings: ``SOCIALACCOUNT_PROVIDERS["moralis"]``, typed and read late.

What a value may be is judged in ``checks``; here a missing key gets its default.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

#: allauth's id of the provider: ``SocialAccount.provider``, and the key of its settings.
PROVIDER_ID = "moralis"

LOCAL_BACKEND = "allauth_moralis.backends.local.LocalBackend"
MORALIS_BACKEND = "allauth_moralis.backends.moralis.backend.MoralisBackend"

DEFAULTS: dict[str, Any] = {
    "API_KEY": "",
    "BACKEND": None,
    "BASE_URL": "https://authapi.moralis.io",
    "NETWORKS": ("evm", "solana"),
    "CHAINS": None,
    "DOMAIN": None,
    "STATEMENT": None,
    "CHALLENGE_TTL": 120,
    "RATE_LIMITS": {"challenge": "30/m/ip,10/m/key", "verify": "30/m/ip"},
    "TIMEOUT": (3, 10),
    "NAME": "Wallet",
    "FALLBACK": None,
}

#: The text says what is being done; a person who reads it cannot be made to do another thing.
STATEMENTS = {
    "login": "Sign in to {domain}",
    "connect": "Link this wallet to your account at {domain}",
    "reauthenticate": "Confirm that it is you at {domain}",
}


def configured() -> dict[str, Any]:
    """What the site has written, as it stands."""
    value: dict[str, Any] = getattr(settings, "SOCIALACCOUNT_PROVIDERS", {}).get(PROVIDER_ID, {})
    return value


def _get(key: str) -> Any:
    return configured().get(key, DEFAULTS[key])


def api_key() -> str:
    value: str = _get("API_KEY")
    return value


def backend() -> str:
    return _get("BACKEND") or (MORALIS_BACKEND if api_key() else LOCAL_BACKEND)


def base_url() -> str:
    value: str = _get("BASE_URL")
    return value.rstrip("/")


def networks() -> tuple[str, ...]:
    return tuple(_get("NETWORKS"))


def chain_allowed(chain_id: int) -> bool:
    chains = _get("CHAINS")
    return chains is None or chain_id in chains


def domain() -> str | None:
    value: str | None = _get("DOMAIN")
    return value


def statement(purpose: str, domain: str) -> str:
    value = _get("STATEMENT")
    template = (
        value
        if isinstance(value, str)
        else (value or {}).get(purpose, STATEMENTS.get(purpose, STATEMENTS["login"]))
    )
    # Not str.format: a statement may hold braces of its own.
    return str(template).replace("{domain}", domain)


def challenge_ttl() -> int:
    """Seconds."""
    value: int = _get("CHALLENGE_TTL")
    return value


def rate_limits() -> Mapping[str, str]:
    """By action, in allauth's notation; empty where they are turned off."""
    value = _get("RATE_LIMITS")
    return {} if value is False else {**DEFAULTS["RATE_LIMITS"], **value}


def timeout() -> tuple[float, float]:
    """Seconds to connect, and seconds to have the whole answer."""
    connect, total = _get("TIMEOUT")
    return float(connect), float(total)


def falls_back() -> bool:
    """Whether the embedded verifier stands in while the service does not answer."""
    return bool(_get("FALLBACK") == "local")


def name() -> str:
    value: str = _get("NAME")
    return value
