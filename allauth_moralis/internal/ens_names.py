"""People's ENS names, for pages to show. They decide nothing, and no sign-in waits for them."""

import logging
from collections.abc import Iterable, Iterator
from hashlib import sha256

from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.http import HttpRequest

from .. import conf
from ..ethereum import ens, rpc
from ..exceptions import RateLimited, WalletError
from ..siwx.wallets import Wallet
from .allauth_private import check_rate
from .stores import cache_must_answer

#: How often one visitor may have the node asked, and for how many names each time.
LIMIT, MAX_QUESTIONS = "10/m/key", 10
#: Seconds for which a name is kept, or that there is none; and that the node failed.
KEEP, KEEP_FAILED = 24 * 60 * 60, 5 * 60

logger = logging.getLogger("allauth_moralis")


def names_of(request: HttpRequest, accounts: Iterable[SocialAccount]) -> dict[str, str]:
    """Return the ENS names of wallets, by uid.

    If the node or the cache fails, or this visitor asks too often, some or all are left out.
    """
    session = rpc.session(ens.CHAIN_ID) if conf.current().shows_names else None
    if session is None:
        return {}
    wallets = [Wallet.from_uid(account.uid) for account in accounts]
    named = [wallet for wallet in wallets if ens.can_have_name(wallet)]
    names: dict[str, str] = {}
    try:  # what was found before something fails stays
        names.update(_find(request, session, {wallet.address for wallet in named}))
    except RateLimited:
        pass
    except WalletError as error:
        logger.warning("ENS names were not found: %s", error)
    return {wallet.uid: names[wallet.address] for wallet in named if names.get(wallet.address)}


def _find(
    request: HttpRequest, session: rpc.Session, addresses: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield addresses with their names: first what is kept, and then what the node says.

    An empty name means that there is none. Raise a ``WalletError`` where this cannot go on.
    """
    keys = {address: _key(address) for address in sorted(addresses)}
    with cache_must_answer():
        kept = cache.get_many(keys.values())
    yield from ((address, kept[key]) for address, key in keys.items() if key in kept)
    unknown = [address for address, key in keys.items() if key not in kept]
    if unknown and conf.current().limits:
        check_rate(request, "names", {"names": LIMIT}, key=str(request.user.pk))
    for address in unknown[:MAX_QUESTIONS]:
        yield address, _ask(session, address)


def _ask(session: rpc.Session, address: str) -> str:
    """Ask the node for a name, and keep what it says."""
    try:
        name = ens.primary_name(session, address)
    except WalletError:
        _keep(address, "", KEEP_FAILED)
        raise
    _keep(address, name, KEEP)
    return name


def _keep(address: str, name: str, seconds: int) -> None:
    with cache_must_answer():
        cache.set(_key(address), name, timeout=seconds)


def _key(address: str) -> str:
    digest = sha256(address.lower().encode()).hexdigest()
    return f"allauth_moralis:ens:{digest}"
