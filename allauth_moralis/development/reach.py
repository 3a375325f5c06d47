"""Who reaches the development wallet: a browser on this very machine, while ``DEBUG`` is on."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.request import split_domain_port

from .. import conf
from ..siwx.wallets import EVM

#: What proxies and tunnels add. Behind one that is on this machine, every visitor of the internet
#: comes from a loopback address, and many tunnels write "localhost" into the Host header.
PROXY_HEADERS = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_CF_")

View = Callable[[HttpRequest], HttpResponseBase]


def is_within_reach(request: HttpRequest) -> bool:
    """Return whether this visitor may be offered the development wallet, and have it sign."""
    return (
        settings.DEBUG
        and EVM in conf.current().networks
        and is_loopback(conf.current().domain or "localhost")
        # A page of another name that leads to this machine (DNS rebinding) has that name here.
        and is_loopback(_host(request))
        # The Host header is what a client makes of it; where it connects from is not.
        and _is_loopback_address(request.META.get("REMOTE_ADDR", ""))
        and not _came_through_a_proxy(request)
    )


def on_this_machine(view: View) -> View:
    """Answer everybody else as if there were no such page."""

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponseBase:
        if not is_within_reach(request):
            raise Http404
        return view(request)

    return wrapper


def is_loopback(authority: str) -> bool:
    """Return whether a host, with or without a port, is a name or address of this machine."""
    name, _ = split_domain_port(authority)
    # RFC 6761: whatever ends in ".localhost" is this machine, too.
    return f".{name}".endswith(".localhost") or _is_loopback_address(name.strip("[]"))


def _is_loopback_address(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def _host(request: HttpRequest) -> str:
    try:
        return request.get_host()
    except DisallowedHost:
        return ""


def _came_through_a_proxy(request: HttpRequest) -> bool:
    # No browser has spoken HTTP/1.0 for decades. nginx does to what is behind it, unless it is told
    # otherwise, and then it neither keeps the Host header nor adds any that would give it away.
    return request.META.get("SERVER_PROTOCOL") == "HTTP/1.0" or any(
        name.startswith(PROXY_HEADERS) for name in request.META
    )
