"""The site's pages are a single-page application; allauth has none of its own."""

from config.settings import *  # noqa: F403 - a variant of the demo

HEADLESS_ONLY = True
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/app/verify-email/{key}",
    "account_reset_password": "/app/password/reset",
    "account_reset_password_from_key": "/app/password/reset/{key}",
    "account_signup": "/app/signup",
    "socialaccount_login_error": "/app/error",
}
LOGIN_URL = "/app/login"
