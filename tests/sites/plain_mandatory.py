"""Every e-mail address must be confirmed."""

from .plain import *  # noqa: F403 - a variant of it

ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
