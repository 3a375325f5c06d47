"""System checks of a deployment: its hosts, its proxies and its way to the service."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.utils import get_setting
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from .. import conf
from ..adapter import WalletReauthenticationMixin
from ..internal.allauth_private import counts_addresses
from .settings import wrong_values


@register(Tags.security)
def check_hosts(**_: Any) -> list[CheckMessage]:
    """Check ``ALLOWED_HOSTS``: any host in there can have people sign a text that names it."""
    if settings.DEBUG or conf.current().domain:
        return []
    hint = 'Name each host in full, or set SOCIALACCOUNT_PROVIDERS["moralis"]["DOMAIN"].'
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Error(
                "The site answers to any host (ALLOWED_HOSTS), so the text that a wallet signs "
                "names whatever host a visitor was lured to, and that host can sign in as them.",
                hint=hint,
                id="allauth_moralis.E021",
            )
        ]
    if any(host.startswith(".") for host in settings.ALLOWED_HOSTS):
        return [
            checks.Warning(
                "The site answers to every subdomain of a host (ALLOWED_HOSTS), so anyone with a "
                "page on one of them can have people sign a text that names it, and sign in here "
                "as them.",
                hint=hint,
                id="allauth_moralis.W009",
            )
        ]
    return []


@register()
def check_chains_of_nodes(**_: Any) -> list[CheckMessage]:
    """Check that the chains of nodes are accepted. Chain 1 may have one for ENS alone."""
    current = conf.current()
    if wrong_values():
        return []
    unused = {
        chain
        for chain in current.rpc
        if not current.allows_chain(chain) and not (chain == 1 and current.shows_names)
    }
    if not unused:
        return []
    return [
        checks.Warning(
            f"RPC has a node for chains that CHAINS does not accept: {sorted(unused)}.",
            hint="Add them to CHAINS to let their contract wallets in, or leave their nodes out.",
            id="allauth_moralis.W017",
        )
    ]


@register(Tags.security)
def check_windows_of_wallets(**_: Any) -> list[CheckMessage]:
    """Check that a wallet's window can answer. Contract wallets are the ones that open some."""
    if wrong_values() or not conf.current().rpc or not _isolates_its_pages():
        return []
    return [
        checks.Warning(
            "Wallets that open a window, such as Base Account, work on the wallet page, but on no "
            "other page of this site: its Cross-Origin-Opener-Policy is same-origin.",
            hint='Set SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups".',
            id="allauth_moralis.W016",
        )
    ]


def _isolates_its_pages() -> bool:
    return (
        settings.SECURE_CROSS_ORIGIN_OPENER_POLICY == "same-origin"
        and "django.middleware.security.SecurityMiddleware" in settings.MIDDLEWARE
    )


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    return [] if wrong_values() else list(_deployment_warnings())


def _deployment_warnings() -> Iterator[CheckMessage]:
    if conf.current().api_key and urlsplit(conf.current().base_url).scheme != "https":
        yield checks.Warning(
            "The API key is sent to the Moralis Auth API without encryption.",
            hint="Set BASE_URL to an https:// address.",
            id="allauth_moralis.W004",
        )
    if counts_addresses(conf.current().limits.values()) and not _knows_its_proxies():
        yield checks.Warning(
            "Requests are limited by the visitor's IP address, but no setting says where to find "
            "it: behind a proxy all visitors share one limit, and on a unix socket no visitor gets "
            "a challenge.",
            hint="Set ALLAUTH_TRUSTED_PROXY_COUNT to the number of proxies in front of the site (0 "
            "if visitors connect to it directly), or ALLAUTH_TRUSTED_CLIENT_IP_HEADER to the "
            "header in which your proxy passes the address on.",
            id="allauth_moralis.W010",
        )


#: Neither says how visitors reach the site.
NOT_THE_SITES_OWN = (
    DefaultAccountAdapter.get_client_ip,
    WalletReauthenticationMixin.get_client_ip,
)


def _knows_its_proxies() -> bool:
    """Return whether the site says how visitors reach it. "Through no proxy" counts as well."""
    return (
        get_setting("ALLAUTH_TRUSTED_PROXY_COUNT", None) is not None
        or get_setting("ALLAUTH_TRUSTED_CLIENT_IP_HEADER", None) is not None
        or type(get_adapter()).get_client_ip not in NOT_THE_SITES_OWN
    )
