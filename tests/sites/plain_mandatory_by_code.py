"""Every e-mail address must be confirmed, by a code."""

from .plain_mandatory import *  # noqa: F403 - a variant of it

ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
