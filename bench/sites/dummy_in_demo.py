"""The demo with allauth's own provider for tests beside ours."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount.providers.dummy"]
SOCIALACCOUNT_LOGIN_ON_GET = True
