"""Every view needs a login unless it says otherwise."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
