"""A site that grew on allauth before wallets came: own users, adapters, forms and templates.

Its base template has none of the blocks that allauth's has in its head, and requests are one
transaction each. What is said of wallets is README's lines, with the mixins in its own adapters.
"""

from config.settings import *  # noqa: F403 - databases, caches and the like
from config.settings import DATABASES

ROOT_URLCONF = "tests.sites.company.urls"
SITE_ID = 1
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.forms",
    # Before allauth: its layouts and its base template are the site's.
    "tests.sites.company",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.headless",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATABASES["default"]["ATOMIC_REQUESTS"] = True
CSRF_COOKIE_HTTPONLY = True

AUTH_USER_MODEL = "company.Colleague"
LOGIN_REDIRECT_URL = "company:desk"
LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_FORMS = {"signup": "tests.sites.company.forms.JoinForm"}
SOCIALACCOUNT_FORMS = {"signup": "tests.sites.company.forms.SocialJoinForm"}
ACCOUNT_ADAPTER = "tests.sites.company.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "tests.sites.company.adapters.SocialAccountAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False
# The demo's, which README's lines do not have.
del SOCIALACCOUNT_EMAIL_VERIFICATION  # noqa: F821 - of the demo
del ACCOUNT_PRESERVE_USERNAME_CASING  # noqa: F821 - of the demo

# --- README, "Add it to your site" ------------------------------------------------------------
INSTALLED_APPS = ["allauth_moralis", *INSTALLED_APPS]  # first: its templates count
SOCIALACCOUNT_EMAIL_REQUIRED = False  # a wallet gives no e-mail address
SOCIALACCOUNT_PROVIDERS = {"moralis": {"API_KEY": ""}}
