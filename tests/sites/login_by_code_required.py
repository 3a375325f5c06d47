"""Whoever signs in must enter a code that was mailed to them."""

from .plain import *  # noqa: F403 - a variant of it

ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
