"""What opens an account now, for a site's own views: the answer that the guard itself acts on."""

from .internal.disconnect import has_one_way_in, ways_in

__all__ = ["has_one_way_in", "ways_in"]
