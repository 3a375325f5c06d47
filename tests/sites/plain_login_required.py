"""Every view needs a login unless it says otherwise."""

from .plain import *  # noqa: F403 - a variant of it
from .plain import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
