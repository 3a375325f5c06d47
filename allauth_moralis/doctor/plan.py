"""What is tried on this site, in which order."""

from collections.abc import Iterator
from functools import partial

from .. import conf
from ..backends import get_backend
from ..backends.moralis import MoralisBackend
from ..checks.settings import wrong_values
from . import configuration, files, headers, nodes, page, proxy, service, storage, wallets
from .findings import NotTried, Probe, Result
from .front import Front, Inside, Outside
from .neighbour import Neighbour
from .page import Visit


def probes(url: str | None) -> Iterator[Probe]:
    """Yield the probes of this site. ``url`` is its own address, where visitors reach it."""
    yield from configuration.SystemChecks().probes()
    if wrong_values():
        yield Probe("all else", partial(_skip, "the settings must be right first"))
        return
    front: Front = Outside(url) if url else Inside()
    with Neighbour() as neighbour:
        yield Probe("second process", neighbour.try_start)
        yield Probe("database", storage.database)
        yield Probe("cache", partial(storage.try_cache, neighbour))
        yield Probe("sessions", partial(storage.try_sessions, front.address, neighbour))
    yield from _backend(front)
    yield from _nodes()
    yield Probe("static files", configuration.static_files)
    visit = Visit(front)
    try:
        yield from _site(visit)
    finally:
        visit.leave()


def _skip(reason: str) -> Result:
    raise NotTried(reason)


def _backend(front: Front) -> Iterator[Probe]:
    if isinstance(get_backend(), MoralisBackend):
        yield Probe("Moralis", service.reach)
    for network in conf.current().networks:
        yield Probe(f"wallets: {network}", partial(wallets.try_network, network, front.address))


def _nodes() -> Iterator[Probe]:
    for chain_id in sorted(conf.current().rpc):
        yield Probe(f"node of chain {chain_id}", partial(nodes.try_node, chain_id))
    if conf.current().shows_names:
        yield Probe("ENS", nodes.try_names)


def _site(visit: Visit) -> Iterator[Probe]:
    yield Probe("wallet page", partial(page.try_page, visit))
    yield Probe("its scripts", partial(files.try_scripts, visit))
    yield Probe("its style sheets", partial(files.try_styles, visit))
    yield Probe("its CSP", partial(headers.try_policy, visit))
    yield Probe("its COOP", partial(headers.try_opener, visit))
    yield Probe("its HSTS", partial(headers.try_transport, visit))
    yield Probe("cookies", partial(headers.try_cookies, visit))
    yield Probe("verify URL", partial(proxy.try_verify, visit))
    if isinstance(visit.front, Outside):
        yield Probe("https", partial(proxy.try_https, visit.front))
        yield Probe("domain", partial(proxy.try_domain, visit, visit.front))
        yield Probe("proxies", partial(proxy.try_addresses, visit, visit.front))
    else:
        yield Probe(
            "proxies", partial(_skip, "they were not asked; give --url, the site's address")
        )
