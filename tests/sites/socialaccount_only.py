"""There are no local accounts: a wallet is the only way in."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import INSTALLED_APPS

# allauth's second factor needs local accounts.
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "allauth.mfa"]
SOCIALACCOUNT_ONLY = True
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
