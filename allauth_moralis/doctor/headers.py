"""The headers of the wallet page: what its browser is allowed, and what it is told to keep."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from django.conf import settings

from . import policy
from .findings import NotTried, Result, failed, passed, warning
from .hosts import Address
from .page import Visit, url_of

if TYPE_CHECKING:
    from http.cookies import Morsel

#: What the page's script shows: the icons with which wallets announce themselves.
ICON = "data:image/png,"


def try_policy(visit: Visit) -> Result:
    """See whether the Content-Security-Policy lets the page do its work."""
    if not visit.policies:
        if visit.page.all("content-security-policy-report-only"):
            return passed("only reports, and allows everything")
        return passed("none is sent, so everything is allowed")
    policies, own = policy.parse(visit.policies), visit.front.address.origin
    needed = [
        *(("script", url, "our scripts") for url in visit.scripts),
        *(("style", url, "our style sheet") for url in visit.styles),
        ("connection", urljoin(own, url_of("moralis_challenge")), "asking for a text"),
        ("form", urljoin(own, url_of("moralis_verify")), "sending the signature"),
        ("image", ICON, "the icons of wallets (data:)"),
    ]
    missing = [
        f"{directive} blocks {why}"
        for what, url, why in needed
        if (directive := policy.blocked_by(policies, what, url, own))
    ]
    if not missing:
        return passed("allows what the page needs")
    seen = "; ".join(dict.fromkeys(missing))
    what_to_do = (
        "Allow at least: script-src 'self'; style-src 'self' (or the host of static files); "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'. 'strict-dynamic' blocks "
        "scripts without a nonce."
    )
    only_icons = all("data:" in each for each in missing)
    return warning(seen, what_to_do) if only_icons else failed(seen, what_to_do)


def try_opener(visit: Visit) -> Result:
    """See whether a window that a wallet opens can answer."""
    value = visit.page.header("cross-origin-opener-policy").partition(";")[0].strip()
    if value == "same-origin":
        return warning(
            "same-origin: wallets that open a window, such as Base Account, do not work",
            'Set SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups", in the proxy too '
            "if that sends the header.",
        )
    return passed(value or "none is sent")


def try_transport(visit: Visit) -> Result:
    """See whether browsers are told to come by https alone."""
    if not visit.front.address.is_secure:
        raise NotTried("the site is not asked by https")
    value = visit.page.header("strict-transport-security")
    if not value:
        return warning(
            "no Strict-Transport-Security is sent",
            "Set SECURE_HSTS_SECONDS, or have the proxy send the header.",
        )
    return passed(value)


def try_cookies(visit: Visit) -> Result:
    """See whether browsers keep the site's cookies, and keep them to themselves."""
    address, cookies = visit.front.address, visit.page.cookies
    if not cookies:
        raise NotTried("the page sets no cookie")
    if dropped := [why for cookie in cookies for why in _dropped(cookie, address)]:
        return failed(
            f"browsers drop {'; '.join(dropped)}",
            "Correct the settings SESSION_COOKIE_… and CSRF_COOKIE_….",
        )
    if exposed := [why for cookie in cookies for why in _exposed(cookie, address)]:
        return warning(
            ", ".join(exposed),
            "Set SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE and SESSION_COOKIE_HTTPONLY to True.",
        )
    names = ", ".join(cookie.key for cookie in cookies)
    return passed(f"{names}{' with Secure' if address.is_secure else ''}")


def _dropped(cookie: "Morsel[str]", address: Address) -> Iterator[str]:
    """Yield why browsers would not keep a cookie."""
    name = cookie.key
    if cookie["samesite"].lower() == "none" and not cookie["secure"]:
        yield f"{name}: SameSite=None needs Secure"
    if name.startswith(("__Host-", "__Secure-")) and not cookie["secure"]:
        yield f"{name}: its prefix needs Secure"
    if name.startswith("__Host-") and (cookie["domain"] or cookie["path"] != "/"):
        yield f"{name}: its prefix allows no Domain, and no Path but /"
    if cookie["secure"] and not address.is_secure and not address.is_local:
        yield f"{name}: Secure needs https"


def _exposed(cookie: "Morsel[str]", address: Address) -> Iterator[str]:
    """Yield how others may get at a cookie."""
    if address.is_secure and not cookie["secure"]:
        yield f"{cookie.key} without Secure"
    if cookie.key == settings.SESSION_COOKIE_NAME and not cookie["httponly"]:
        yield f"{cookie.key} without HttpOnly"
