"""The cache is a Redis that does not run: the discard port."""

from .plain import *  # noqa: F403 - a variant of it

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:9/0",
    }
}
