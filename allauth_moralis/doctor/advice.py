"""What to do about a service that refuses, or about a node."""

import re

from ..exceptions import Misconfigured, SignatureInvalid, UpstreamRejected, WalletError

UNEXPECTED = (
    "That is a fault of the site's code or of ours. Look for it in the log of a request that does "
    "the same, and report it if it is ours."
)
NETWORK = (
    "See whether this machine may reach it: name resolution, firewall, the environment's proxy "
    "variables. TIMEOUT says how long the site waits."
)
LATER = "Its operators must act. See their status page, and try again later."

#: By kind of error and by what its detail says. The first that fits counts.
ADVICE: tuple[tuple[type[WalletError], str, str], ...] = (
    (
        Misconfigured,
        r"refused the API key",
        "Copy the key from the Moralis dashboard into API_KEY once more, whole.",
    ),
    (Misconfigured, r"another chain", "In RPC, write the URL of a node of the chain of its key."),
    (Misconfigured, r"cannot be used", "Correct BASE_URL, API_KEY or RPC: `manage.py check`."),
    (Misconfigured, r"cache", 'See that the server of CACHES["default"] runs and lets us in.'),
    (
        WalletError,
        r"quota",
        "The plan is used up: upgrade it, wait for its next day, or leave "
        'API_KEY empty. FALLBACK = "local" lets people in for as long.',
    ),
    (WalletError, r"status 429", "Too many requests for the plan: wait a minute, or upgrade it."),
    (WalletError, r"status 40[13]", "The key in the URL is refused: see the provider's dashboard."),
    (WalletError, r"status 5|an error|error -?\d", LATER),
    (WalletError, r"connection|in time|no answer|too long|broke off|time of all", NETWORK),
    (
        UpstreamRejected,
        r"time of issue",
        "The clocks differ: have this machine's set by NTP.",
    ),
    (
        UpstreamRejected,
        r"",
        "What answers is not the service, or it has changed. Correct the URL; if that is right, "
        "upgrade this package or report it.",
    ),
    (
        SignatureInvalid,
        r"",
        "The backend refuses a right signature: look at BACKEND, and report it if it is ours.",
    ),
)


def for_error(error: WalletError) -> str:
    """Return what the site's owner can do about a refusal."""
    return next(
        (
            what_to_do
            for kind, pattern, what_to_do in ADVICE
            if isinstance(error, kind) and re.search(pattern, error.detail)
        ),
        f"Look for {error.code} in the reference of refusals.",
    )
