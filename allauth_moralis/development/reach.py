"""Who may reach the development wallet: a browser on this very machine, while ``DEBUG`` is on."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.request import split_domain_port

from .. import conf
from ..siwx.wallets import EVM

#: Headers that proxies and tunnels add. Behind one on this machine, every visitor from the
#: internet comes from a loopback address, and many tunnels write "localhost" into the Host header.
PROXY_HEADERS = (
    "HTTP_X_FORWARDED",
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_CF_",
    "HTTP_TRUE_CLIENT",
    "HTTP_X_CLIENT",
    "HTTP_FLY_",
)

View = Callable[[HttpRequest], HttpResponseBase]


def is_within_reach(request: HttpRequest) -> bool:
    """Return whether this visitor may see and use the development wallet."""
    return (
        settings.DEBUG
        and EVM in conf.current().networks
        and is_loopback(conf.current().domain or "localhost")
        # A page of another host name that resolves to this machine (DNS rebinding) has it here.
        and is_loopback(_host(request))
        # A client can forge the Host header, but not where it connects from.
        and _is_loopback_address(request.META.get("REMOTE_ADDR", ""))
        and not _came_through_a_proxy(request)
    )


def on_this_machine(view: View) -> View:
    """Decorate a view so that for everyone else there is no such page."""

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponseBase:
        if not is_within_reach(request):
            raise Http404
        return view(request)

    return wrapper


def is_loopback(authority: str) -> bool:
    """Return whether a host, with or without a port, is a name or address of this machine."""
    name, _ = split_domain_port(authority)
    # RFC 6761: everything that ends in ".localhost" is this machine, too.
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
    # No browser has spoken HTTP/1.0 for decades. But nginx does, to the servers behind it, unless
    # told otherwise; and then it neither keeps the Host header nor adds one that gives it away.
    return request.META.get("SERVER_PROTOCOL") == "HTTP/1.0" or any(
        name.startswith(PROXY_HEADERS) for name in request.META
    )
