"""Sessions live in cookies, and the cache, in the database, is shared."""

from .plain import *  # noqa: F403 - a variant of it

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}
# A mobile application has no cookies, and no key names such a session.
HEADLESS_CLIENTS = ["browser"]
