"""The site is served below a prefix that it knows of."""

from .plain import *  # noqa: F403 - a variant of it

FORCE_SCRIPT_NAME = "/app"
