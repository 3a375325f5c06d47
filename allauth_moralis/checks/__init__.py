"""``manage.py check``: each rule has an id, a sentence and a hint.

To import this registers them.
"""

from . import accounts, deployment, sessions, settings, site, users

__all__ = ["accounts", "deployment", "sessions", "settings", "site", "users"]
