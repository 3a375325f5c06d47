"""allauth's quick start with its own provider for tests, which asks nobody and checks nothing."""

from .allauth_alone import *  # noqa: F403 - a variant of it
from .allauth_alone import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount.providers.dummy"]
SOCIALACCOUNT_LOGIN_ON_GET = True
