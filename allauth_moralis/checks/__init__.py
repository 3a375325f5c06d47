"""``manage.py check``: each rule has an id, a sentence and a hint.

To import this registers them. Ids are never used again: W005 was what is E023 now, and W011
what is E027.
"""

from . import accounts, deployment, development, pages, sessions, settings, users

__all__ = ["accounts", "deployment", "development", "pages", "sessions", "settings", "users"]
