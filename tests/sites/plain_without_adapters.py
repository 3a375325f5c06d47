"""Every e-mail address must be confirmed, and allauth's own adapters are in place."""

from .plain_mandatory import *  # noqa: F403 - a variant of it

del ACCOUNT_ADAPTER, SOCIALACCOUNT_ADAPTER, HEADLESS_ADAPTER  # noqa: F821 - of the site above
