"""Users have an e-mail address or none, and no user name; their model does not say what to show."""

from .plain import *  # noqa: F403 - a variant of it
from .plain import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.nameless"]
AUTH_USER_MODEL = "nameless.Customer"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
