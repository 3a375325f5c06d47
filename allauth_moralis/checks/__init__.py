"""System checks for ``manage.py check``; each has an id, a sentence and a hint.

Importing this package registers them. Ids are never reused: what is E023 now was once W005, and
what is E027 was W011.
"""

from . import accounts, deployment, development, names, pages, sessions, settings, users

__all__ = [
    "accounts",
    "deployment",
    "development",
    "names",
    "pages",
    "sessions",
    "settings",
    "users",
]
