"""The demo, with allauth's own provider for tests beside ours to measure against."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS, SOCIALACCOUNT_PROVIDERS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount.providers.dummy"]
SOCIALACCOUNT_PROVIDERS["moralis"]["RATE_LIMITS"] = False
SOCIALACCOUNT_LOGIN_ON_GET = True
ALLOWED_HOSTS = ["testserver"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
LOGGING = {}
