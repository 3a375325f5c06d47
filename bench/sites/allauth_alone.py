"""allauth's quick start, without the apps of it that one can do without."""

from .common import *  # noqa: F403 - a variant of it
from .common import INSTALLED_APPS, MIDDLEWARE

ROOT_URLCONF = "bench.sites.allauth_urls"
INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "allauth.socialaccount"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
