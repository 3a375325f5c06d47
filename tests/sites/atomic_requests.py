"""Every request is one transaction, rolled back where a view raises."""

from config.settings import *  # noqa: F403 - a variant of the demo
from config.settings import DATABASES

DATABASES["default"]["ATOMIC_REQUESTS"] = True
