"""``manage.py check``: each rule has an id, a sentence and a hint.

To import this registers them.
"""

from . import deployment, sessions, settings, site

__all__ = ["deployment", "sessions", "settings", "site"]
