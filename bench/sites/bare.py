"""allauth's quick start with README's lines."""

from .allauth_alone import *  # noqa: F403 - a variant of it
from .allauth_alone import INSTALLED_APPS

INSTALLED_APPS = ["allauth_moralis", *INSTALLED_APPS]
ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "allauth_moralis.adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_PROVIDERS = {"moralis": {"API_KEY": ""}}
