"""The scripts of our pages: native modules, served with the version of all in their address.

They are not served as static files, because modules import each other by name. A storage that
hashes names rewrites those imports only where the site asks for it, and may keep no file under its
own name; a cache would mix the modules of two versions; and another origin, such as a content
delivery network, must say that it lets modules be loaded from here. Served from the page's own
origin they work whatever ``STATIC_URL`` and ``STORAGES`` are.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

from ..siwx.wallets import NETWORKS

FOLDER = Path(__file__).parent.parent / "static" / "moralis"
#: Comments and indentation, which are for those who read the source.
COMMENTS = re.compile(
    r"/\*\*?\s(?:(?!\*/).)*\*/[ \t]*|(?:^|[ \t])// [^\n]*", re.MULTILINE | re.DOTALL
)
INDENTATION = re.compile(r"^\s+", re.MULTILINE)
IMPORTED = re.compile(r"^import .* from '\./(\w+\.js)'$", re.MULTILINE)
WALLET_PAGE, WATCH, DEVICE = "moralis.js", "watch.js", "device.js"
#: The scripts that nothing imports: those of pages, and one for each family of wallets.
ENTRIES = (WALLET_PAGE, WATCH, DEVICE, *(f"{network}.js" for network in NETWORKS))


@dataclass(frozen=True)
class Script:
    name: str
    body: bytes

    @cached_property
    def imports(self) -> frozenset[str]:
        return frozenset(IMPORTED.findall(self.body.decode()))

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body, mtime=0)


@dataclass(frozen=True)
class Scripts:
    """All scripts, by name, and the version that their addresses carry."""

    version: str
    by_name: dict[str, Script]

    def needed_by(self, *entries: str) -> list[str]:
        """Return the names of the entries and of all that they import, to be loaded at once."""
        needed = list(entries)
        for name in needed:  # which grows meanwhile
            needed += sorted(self.by_name[name].imports - set(needed))
        return needed


@cache
def scripts() -> Scripts:
    found: dict[str, Script] = {}
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        if name not in found:
            text = COMMENTS.sub("", (FOLDER / name).read_text(encoding="utf-8"))
            found[name] = Script(name, INDENTATION.sub("", text).encode())
            waiting += found[name].imports
    digest = sha256(b"".join(found[name].body for name in sorted(found)))
    return Scripts(digest.hexdigest()[:16], found)
