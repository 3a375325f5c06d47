"""People have an e-mail address or none, and no user name."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.people"]
AUTH_USER_MODEL = "people.Person"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
