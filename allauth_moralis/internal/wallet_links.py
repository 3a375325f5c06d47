"""Links that open a page in the browser of a wallet's app, where that wallet is to be found.

A phone's own browser has no wallets. These are addresses that the vendors document; what is not
theirs was seen in the sources of many sites.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .. import conf
from ..siwx.wallets import APTOS, EVM, SOLANA

#: ``{url}`` is the page's address, ``{encoded}`` the same for a query, ``{encoded_twice}`` for a
#: query within a query, ``{bare}`` without its scheme, and ``{origin}`` its site, for a query.
BUILT_IN: tuple[Mapping[str, Any], ...] = (
    {  # https://docs.metamask.io/metamask-connect/evm/guides/metamask-exclusive/use-deeplinks/
        "name": "MetaMask",
        "networks": [EVM, SOLANA],
        "url": "https://link.metamask.io/dapp/{bare}",
    },
    {  # https://developer.trustwallet.com/developer/develop-for-trust/deeplinking
        "name": "Trust Wallet",
        "networks": [EVM],
        "url": "https://link.trustwallet.com/open_url?coin_id=60&url={encoded}",
    },
    {  # The same page; 501 is Solana's number (SLIP-44).
        "name": "Trust Wallet",
        "networks": [SOLANA],
        "url": "https://link.trustwallet.com/open_url?coin_id=501&url={encoded}",
    },
    {  # https://docs.phantom.com/phantom-deeplinks/other-methods/browse
        "name": "Phantom",
        "networks": [EVM, SOLANA],
        "url": "https://phantom.app/ul/browse/{encoded}?ref={origin}",
    },
    {  # https://web3.okx.com/build/docs/waas/app-universal-link
        "name": "OKX Wallet",
        "networks": [EVM, SOLANA, APTOS],
        "url": "https://web3.okx.com/download?deeplink="
        "okx%3A%2F%2Fwallet%2Fdapp%2Furl%3FdappUrl%3D{encoded_twice}",
    },
    {  # https://docs.solflare.com/solflare/technical/deeplinks/other-methods/browse
        "name": "Solflare",
        "networks": [SOLANA],
        "url": "https://solflare.com/ul/v1/browse/{encoded}?ref={origin}",
    },
    {  # https://petra.app/docs/mobile-deeplinks
        "name": "Petra",
        "networks": [APTOS],
        "url": "https://petra.app/explore?link={encoded}",
    },
    {  # Not documented any more, and it does not always open the app: so it comes last.
        "name": "Base",
        "networks": [EVM],
        "url": "https://go.cb-w.com/dapp?cb_url={encoded}",
    },
)


#: What stands for the page's address in a URL.
PLACEHOLDERS = ("{url}", "{encoded}", "{encoded_twice}", "{bare}")


def links_to(address: str) -> list[dict[str, str]]:
    """Return the links that open the page at an absolute ``address``, each a name and a URL.

    They are those of the networks that the site offers. Of several with one name the first counts.
    """
    settings = conf.current()
    written = BUILT_IN if settings.wallet_links is None else settings.wallet_links
    offered = set(settings.networks)
    values = _values(address)
    links: dict[str, str] = {}
    for link in written:
        if offered.intersection(link["networks"]):
            links.setdefault(link["name"], _fill(link["url"], values))
    return [{"name": name, "url": url} for name, url in links.items()]


def _values(address: str) -> dict[str, str]:
    encoded = _encode(address)
    # Not urlsplit: it fails for hosts that Django lets through, such as "[:1]".
    scheme, _, bare = address.partition("://")
    host = bare.partition("/")[0]
    return {
        "{url}": address,
        "{encoded}": encoded,
        "{encoded_twice}": _encode(encoded),
        "{bare}": bare,
        "{origin}": _encode(f"{scheme}://{host}"),
    }


def _fill(template: str, values: dict[str, str]) -> str:
    # Not str.format: a link may hold braces of its own. An address holds none that is not encoded.
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


def _encode(text: str) -> str:
    return quote(text, safe="")
