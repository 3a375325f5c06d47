"""Settings of the demo project, read from the environment (see docs/reference/environment.md).

A machine that gives neither ``SECRET_KEY`` nor ``ALLOWED_HOSTS`` is somebody's own: there ``DEBUG``
is on and Django answers to localhost only. Giving one of them turns a checkout into a deployment.
"""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
# A variable that is there and blank, as compose files write it, is not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}


def listed(name: str) -> list[str]:
    return [item.strip() for item in env.list(name, default=[])]


def nodes(name: str) -> dict[int, str]:
    """Return the URLs in ``1=https://…,8453=https://…`` by chain. They may contain ``=`` too."""
    pairs = [item.partition("=") for item in listed(name)]
    try:
        return {int(chain): url.strip() for chain, _, url in pairs}
    except ValueError:  # without the text, which may contain a node's key
        raise ImproperlyConfigured(f"{name} is written as 1=https://…,8453=https://…") from None


DEBUG = env.bool("DEBUG", default=not {"SECRET_KEY", "ALLOWED_HOSTS"} & set(env.ENVIRON))
# Without a default where DEBUG is off: django-environ then names the missing variable.
SECRET_KEY = (
    env("SECRET_KEY", default="insecure-key-of-the-demo-for-one-machine-only")
    if DEBUG
    else env("SECRET_KEY")
)
ALLOWED_HOSTS = listed("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    # Before staticfiles: `runserver` then serves static files the way production does.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    # Before allauth: its page of connections then tells wallets apart.
    "allauth_moralis",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
]

MIDDLEWARE = [
    # First: it answers whoever has no host name of ours, no HTTPS and no session.
    "config.health.middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.mail",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Two people signing in at once: SQLite's default upgrades a read lock to a write lock in
    # the middle of a transaction, which fails at once instead of waiting.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE", init_command="PRAGMA journal_mode=WAL", timeout=20
    )
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A pool for each process, under threads (gunicorn) and ASGI (uvicorn) alike. With a connection
    # for each thread nobody waits for one unless the database is down. Each is tried before use,
    # and a database that was down is asked again soon: the pool's own pauses grow to minutes.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "pool": {
            "min_size": 1,
            "max_size": env.int("DATABASE_POOL_SIZE", default=8),
            "timeout": 3,
            "reconnect_timeout": 3,
        },
        **DATABASES["default"].get("OPTIONS", {}),
    }
else:
    DATABASES["default"] = {"CONN_MAX_AGE": 60, **DATABASES["default"], "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    CACHES["default"]["OPTIONS"] = {
        # Without them, one that hangs takes all threads along.
        "socket_connect_timeout": 2,
        "socket_timeout": 2,
        **CACHES["default"].get("OPTIONS", {}),
    }
# The cache of one process would go on to know sessions that another has ended.
_is_shared = not CACHES["default"]["BACKEND"].endswith(("LocMemCache", "DummyCache"))
SESSION_ENGINE = "config.sessions.cached" if _is_shared else "config.sessions.database"
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="webmaster@localhost")

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ja", "日本語"),
    ("zh-hans", "简体中文"),
]
# What the demo says itself; the package has catalogues of its own.
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
if STATIC_ROOT := env("STATIC_ROOT", default=None):
    # What `collectstatic` put there, under names that change with the content, compressed.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
else:  # from where the files lie, without `collectstatic`
    WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"deployed": {"()": "django.utils.log.RequireDebugFalse"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "failures": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["deployed"],
            "level": "ERROR",
        },
    },
    "loggers": {
        # One line for each challenge, sign-in and refusal.
        "allauth_moralis": {"handlers": ["console"], "level": "INFO"},
        # Why a page failed. Django itself would only mail it to ADMINS, of whom there are none.
        "django.request": {"handlers": ["failures"]},
    },
}

# --- Security -------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
if env.bool("HTTPS", default=False):
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_HSTS_SECONDS = 31_536_000
# Left out, it leaves open how visitors reach the site, and `manage.py check --deploy` asks.
if "BEHIND_PROXY" in env.ENVIRON:
    ALLAUTH_TRUSTED_PROXY_COUNT = int(env.bool("BEHIND_PROXY"))
    if ALLAUTH_TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Accounts -------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Wallets such as Base Account open a window, which Django's default would cut off.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"
LOGIN_URL = "account_login"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "allauth_moralis.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "allauth_moralis.adapter.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# Anything less tells whoever asks which addresses have an account, and lets them be taken.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
# With the default, the search for a free user name is a case-insensitive match that scans the
# whole table; with lower-case names it is an exact match on the unique index.
ACCOUNT_PRESERVE_USERNAME_CASING = False
# A wallet gives no e-mail address, and none is asked of the person who signs in with one.
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "optional"

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
HEADLESS_ADAPTER = "allauth_moralis.headless.adapter.HeadlessAdapter"
HEADLESS_SERVE_SPECIFICATION = False

SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "moralis": {
        "API_KEY": env("MORALIS_API_KEY", default=""),
        "BASE_URL": env("MORALIS_BASE_URL", default="https://authapi.moralis.io"),
        "NETWORKS": listed("MORALIS_NETWORKS") or ["evm", "solana"],
        "CHAINS": [int(chain) for chain in listed("MORALIS_CHAINS")] or None,
        "DOMAIN": env("MORALIS_DOMAIN", default=None),
        "CHALLENGE_TTL": env.int("MORALIS_CHALLENGE_TTL", default=120),
        "RPC": nodes("MORALIS_RPC"),
        "CROSS_DEVICE": env.bool("MORALIS_CROSS_DEVICE", default=False),
    }
}
if env("MORALIS_RATE_LIMITS", default="on") == "off":
    SOCIALACCOUNT_PROVIDERS["moralis"]["RATE_LIMITS"] = False
