"""The site's name and domain live in the database."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sites"]
SITE_ID = 1
