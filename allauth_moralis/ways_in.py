"""Which ways into an account are open now, for a site's own views.

``ways_in(user)`` lists them, and ``has_one_way_in(user)`` tells whether there is only one. The
guard on the last way in decides by the same rules.
"""

from .internal.disconnect import has_one_way_in, ways_in

__all__ = ["has_one_way_in", "ways_in"]
