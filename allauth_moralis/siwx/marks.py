"""A small drawing for each account, by which people tell their own wallets apart at a glance.

It is an ornament and no proof: whoever makes enough keys finds one with a drawing that looks alike.
So it stands beside an address and never in its place.
"""

from hashlib import sha256
from typing import NamedTuple, Self

SIZE = 5  # cells in a row, of which the right half mirrors the left
DRAWN = (SIZE + 1) // 2
#: A cell is left empty, light or dark, so that 15 of them make 14 million drawings.
KINDS = 3


class Mark(NamedTuple):
    """What an SVG of ``SIZE`` by ``SIZE`` units needs: two hues, and a path in each."""

    hue: int
    other_hue: int
    dark: str
    light: str

    @classmethod
    def of(cls, uid: str) -> Self:
        """Return the mark of a wallet's ``uid``, in whatever letter case its hex digits are."""
        is_hex = uid.startswith(("0x", "eip155:"))
        seed = int.from_bytes(sha256((uid.lower() if is_hex else uid).encode()).digest())
        seed, hue = divmod(seed, 360)
        seed, turn = divmod(seed, 180)
        paths = {0: "", 1: "", 2: ""}
        for place in range(SIZE * DRAWN):
            seed, kind = divmod(seed, KINDS)
            paths[kind] += _cells(*divmod(place, DRAWN))
        # The second hue is at least a quarter of the circle away.
        return cls(hue, (hue + 90 + turn) % 360, dark=paths[1], light=paths[2])


def _cells(row: int, column: int) -> str:
    """Return the path of a cell and of its mirror image."""
    columns = sorted({column, SIZE - 1 - column})
    return "".join(f"M{x} {row}h1v1h-1z" for x in columns)
