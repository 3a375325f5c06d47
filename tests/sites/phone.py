"""People may give a telephone number, and it is verified."""

from .plain import *  # noqa: F403 - a variant of it
from .plain import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.callers"]
AUTH_USER_MODEL = "callers.Caller"
ACCOUNT_ADAPTER = "tests.sites.callers.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"phone", "username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "email", "password1*", "password2*"]
