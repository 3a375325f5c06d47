"""What stands before the site: whether the site knows by which address it is asked, and by whom."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

from allauth.utils import get_setting
from django.core.cache import cache

from .. import conf
from ..checks.sessions import is_per_process
from ..exceptions import Misconfigured
from ..internal.allauth_private import counts_addresses, keys_of_address
from .findings import NotTried, Result, failed, passed, warning
from .front import Answer, NotReached, Outside
from .page import Visit, url_of
from .wallets import KINDS

#: An address of nobody (RFC 5737).
MADE_UP = "192.0.2.77"
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = "X-Forwarded-For"
REDIRECTS = range(300, 400)


def try_https(front: Outside) -> Result:
    """See whether a visitor who comes by http is sent to https."""
    if not front.address.is_secure:
        if front.address.is_local:
            raise NotTried("asked by http, on this machine")
        return warning(
            "asked by http: whoever is on the way can take the session",
            "Serve the site by https, and give --url that address.",
        )
    name = front.address.host
    if ":" in name.rpartition("]")[2]:
        raise NotTried("the address has a port of its own")
    try:
        answer = front.get(f"http://{name}/")
    except NotReached:
        return passed("nothing answers by http")
    target = answer.header("location")
    if answer.status in REDIRECTS and target.startswith("https://"):
        return passed(f"http redirects to https ({answer.status})")
    return warning(
        f"http answers {answer.status} and does not redirect to https",
        "Set SECURE_SSL_REDIRECT = True, or have the proxy redirect.",
    )


def try_verify(visit: Visit) -> Result:
    """Open the URL to which proofs are posted, as people do who reload a refusal."""
    wallet_page = visit.page.url
    answer = visit.front.get(url_of("moralis_verify"))
    target = answer.header("location").partition("?")[0]
    if answer.status in REDIRECTS and urljoin(answer.url, target) == wallet_page:
        return passed("redirects to the wallet page")
    return failed(
        f"answers {answer.status}{f' and redirects to {target}' if target else ''}",
        "See that the proxy passes moralis/verify/ on, to every method.",
    )


def try_domain(visit: Visit, front: Outside) -> Result:
    """Ask the site for a text, and compare what it names with the address in the browser."""
    answer = _ask(visit, front, {})
    if answer.status != HTTPStatus.OK:
        return _refused(answer, front)
    message = str(_json(answer).get("message"))
    domain = message.partition(" ")[0]
    uri = next((line for line in message.splitlines() if line.startswith("URI: ")), "")
    if domain != front.address.host:
        setting = conf.current().domain
        return failed(
            f"texts name {domain}, and browsers show {front.address.host}: wallets warn",
            f"Correct DOMAIN, which is {setting!r}."
            if setting
            else "Have the proxy pass the Host header on with its port, or set DOMAIN.",
        )
    if uri != f"URI: {front.address.origin}/":
        return failed(
            f"texts name the scheme of {uri.removeprefix('URI: ')}, and browsers come by "
            f"{front.address.scheme}",
            "Set SECURE_PROXY_SSL_HEADER to the header by which the proxy says https.",
        )
    return passed(f"texts name {domain}, as browsers do")


def _ask(visit: Visit, front: Outside, headers: dict[str, str]) -> Answer:
    """Ask for a text for a throw-away wallet, which will not sign it."""
    wallet = KINDS[next(iter(conf.current().networks))]()
    chains = conf.current().chains
    chain = {"chain_id": next(iter(chains))} if chains else {}
    data = {**wallet.described, **chain}
    return front.post(url_of("moralis_challenge"), data, visit.token, headers)


def _json(answer: Answer) -> dict[str, object]:
    try:
        data = json.loads(answer.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _refused(answer: Answer, front: Outside) -> Result:
    error = _json(answer).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    seen = f"no text: status {answer.status}" + (f", {code}" if isinstance(code, str) else "")
    if answer.status == HTTPStatus.FORBIDDEN and front.address.is_secure:
        return failed(
            seen,
            "Django does not believe that this request came from the page by https: set "
            "SECURE_PROXY_SSL_HEADER, or CSRF_TRUSTED_ORIGINS.",
        )
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return warning(
            seen,
            "Try again in a minute. If it stays so, RATE_LIMITS counts everybody "
            "as one: see below.",
        )
    if code == Misconfigured.code:
        return failed(
            seen,
            "The site's log says why: often the cache is down, or ALLAUTH_TRUSTED_PROXY_COUNT is "
            "not the number of proxies before the site.",
        )
    return failed(seen, "The site's log has a line with the reason. See also the lines above.")


# --- By which address visitors are counted ----------------------------------------------------


@dataclass
class _Counts:
    """How often an address was counted, in the cache that the site shares with us."""

    address: str
    before: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.read()

    def read(self) -> dict[str, int]:
        keys = keys_of_address(self.address, "challenge", conf.current().limits)
        return {key: len(cache.get(key) or ()) for key in keys}

    def grew(self) -> bool:
        return self.read() != self.before

    def forget(self) -> None:
        """Delete what was not there before."""
        cache.delete_many([key for key, count in self.before.items() if not count])


def try_addresses(visit: Visit, front: Outside) -> Result:
    """Claim to come from an address of nobody, and see under which address that was counted.

    The rate limits are in the cache. If the site shares it with us, we can look them up there.
    """
    if not counts_addresses(conf.current().limits.values()):
        raise NotTried("RATE_LIMITS does not count addresses")
    if is_per_process():
        raise NotTried("whom the site counts is in its own memory; a shared cache would tell")
    own = front.local_address()
    made_up, ours, nearest = _Counts(MADE_UP), _Counts(own), [_Counts(each) for each in LOOPBACK]
    claimed = dict.fromkeys(_claims(), MADE_UP)
    try:
        answer = _ask(visit, front, claimed)
        if answer.status != HTTPStatus.OK:
            return _refused(answer, front)
        if made_up.grew():
            return failed(
                "visitors can say themselves which address they have, and so escape all limits",
                "Set ALLAUTH_TRUSTED_PROXY_COUNT to the number of proxies, 0 if there is none; and "
                "have the first proxy set ALLAUTH_TRUSTED_CLIENT_IP_HEADER anew, if you use that.",
            )
        if ours.grew():
            return _as_ours(own)
        if any(each.grew() for each in nearest):
            return failed(
                "the proxy is counted, and not the visitor: all visitors share one limit",
                "Set ALLAUTH_TRUSTED_PROXY_COUNT to the number of proxies before the site.",
            )
        raise NotTried(
            "it cannot be told whom the site counts: it has another cache than this process, or "
            "counts another address than this machine has itself"
        )
    finally:
        for each in (made_up, ours, *nearest):
            each.forget()


def _as_ours(own: str) -> Result:
    if own in LOOPBACK and get_setting("ALLAUTH_TRUSTED_PROXY_COUNT", None) is None:
        return passed(
            "a made-up address is not counted, but this machine's is. If a proxy runs on this "
            "machine too, try it from another one"
        )
    return passed("a made-up address is not counted, and this machine's is")


def _claims() -> tuple[str, ...]:
    """Return the headers in which the site may look for a visitor's address."""
    own = get_setting("ALLAUTH_TRUSTED_CLIENT_IP_HEADER", None)
    return (FORWARDED, own) if own else (FORWARDED,)
