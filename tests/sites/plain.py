"""A site as ``startproject`` makes it, with allauth's quick start and README's lines.

Whatever stands here beyond those says why. The database's place alone is read from the environment.
"""

import os
from pathlib import Path

# --- startproject -----------------------------------------------------------------------------
SECRET_KEY = "insecure-key-of-a-site-that-is-only-tested"
DEBUG = True
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.sites.plain_urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PLAIN_SITE_DATABASE", Path(__file__).parent / "db.sqlite3"),
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- allauth's quick start --------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount", "allauth.headless"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]

# --- README, "Add it to your site" ------------------------------------------------------------
INSTALLED_APPS = ["allauth_moralis", *INSTALLED_APPS]
ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "allauth_moralis.adapter.SocialAccountAdapter"
HEADLESS_ADAPTER = "allauth_moralis.headless.adapter.HeadlessAdapter"
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {"moralis": {"API_KEY": ""}}
