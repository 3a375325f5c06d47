"""Every stage of a sign-in that allauth's second factors have."""

from .plain_mandatory_by_code import *  # noqa: F403 - a variant of it
from .plain_mandatory_by_code import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.mfa", "django.contrib.humanize"]
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_TRUST_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = True
