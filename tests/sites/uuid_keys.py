"""Users have a key before they are saved."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.members"]
AUTH_USER_MODEL = "members.Member"
