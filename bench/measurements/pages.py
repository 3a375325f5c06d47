"""What a browser that comes for the first time loads for the wallet page, compressed."""

import gzip
import re
from contextlib import closing
from dataclasses import replace

from ..browsers import Browser, Server
from ..contestants import DEMO
from ..processes import Room
from . import Row

NETWORKS = ("evm", "solana", "aptos", "evm,solana", "evm,solana,aptos")
PARTS = {
    "scripts": re.compile(r'<(?:script [^>]*src|link rel="modulepreload" href)="([^"]+)"'),
    "styles": re.compile(r'<link [^>]*rel="stylesheet"[^>]* href="([^"]+)"'),
    "images": re.compile(r'<(?:img [^>]*src|link [^>]*rel="icon"[^>]* href)="(/[^"]+)"'),
}


def measure(room: Room) -> list[Row]:
    return [_weigh(room, networks) for networks in NETWORKS]


def _weigh(room: Room, networks: str) -> Row:
    site = replace(DEMO, env={"MORALIS_NETWORKS": networks})
    with room.server(site, 1) as server, closing(Server(server.port)) as connection:
        browser = Browser(connection)
        page, size = _load(browser, "/accounts/moralis/login/")
        row: Row = {"networks": networks, "requests": 1, "bytes": size, "page": size}
        for part, pattern in PARTS.items():
            addresses = list(dict.fromkeys(pattern.findall(page)))
            row[part] = sum(_load(browser, address)[1] for address in addresses)
            row["bytes"] += row[part]
            row["requests"] += len(addresses)
    return row


def _load(browser: Browser, address: str) -> tuple[str, int]:
    """The text, and its bytes on the wire: what the site left to a proxy is compressed here."""
    answer = browser.get(address, encoding="gzip")
    if answer.header("content-encoding") == "gzip":
        return gzip.decompress(answer.body).decode(), len(answer.body)
    return answer.body.decode(errors="replace"), len(gzip.compress(answer.body, 6))
