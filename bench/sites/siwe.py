"""siwe-django by its README, with its own page to sign in. It runs in an environment of its own."""

from .common import *  # noqa: F403 - a variant of it
from .common import INSTALLED_APPS

ROOT_URLCONF = "bench.sites.siwe_urls"
INSTALLED_APPS = [*INSTALLED_APPS, "siwe_django"]
AUTHENTICATION_BACKENDS = [
    "siwe_django.backend.SiweBackend",
    "django.contrib.auth.backends.ModelBackend",
]
SIWE_DJANGO = {"STATEMENT": "Sign in with Ethereum.", "ALLOWED_CHAIN_IDS": [1]}
