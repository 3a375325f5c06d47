"""``manage.py check``: each rule has an id, a sentence and a hint.

To import this registers them.
"""

from . import settings, site

__all__ = ["settings", "site"]
