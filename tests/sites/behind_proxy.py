"""One proxy stands before the site, which says so."""

from .plain import *  # noqa: F403 - a variant of it

ALLAUTH_TRUSTED_PROXY_COUNT = 1
SOCIALACCOUNT_PROVIDERS = {
    "moralis": {"API_KEY": "", "RATE_LIMITS": {"challenge": "2/m/ip", "verify": "2/m/ip"}}
}
