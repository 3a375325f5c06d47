"""The wallet page as it is served, and what it needs: read once, for all probes of the site."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from importlib import import_module
from urllib.parse import urljoin

from allauth import app_settings as allauth_settings
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.urls import NoReverseMatch, reverse

from .findings import NotTried, Result, difference, failed, passed, warning
from .front import Answer, Front, NotReached
from .service import NOTABLE_SKEW, SET_THE_CLOCK, skew_of

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
#: The element into which the script puts the wallets that it finds.
WALLETS = 'id="moralis-wallets"'
OURS = re.compile(r"/moralis/[\w-]+(?:\.[0-9a-f]+)?\.(?:css|js)(?:$|\?)")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        rel, href = given.get("rel", "").lower(), given.get("href", "")
        if tag == "script" and given.get("type") == "module" and OURS.search(given.get("src", "")):
            self.scripts.append(given["src"])
        elif tag == "link" and OURS.search(href) and rel in ("modulepreload", "stylesheet"):
            (self.scripts if rel == "modulepreload" else self.styles).append(href)
        elif tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))


@dataclass
class Visit:
    """One visit of the site. Probes that need the page are not tried if it was not read."""

    front: Front
    _page: Answer | None = None
    _links: _Links = field(default_factory=_Links)

    @property
    def page(self) -> Answer:
        if self._page is None:
            raise NotTried("the wallet page was not read")
        return self._page

    @property
    def scripts(self) -> list[str]:
        """The URLs of our scripts in the page."""
        base = self.page.url
        return [urljoin(base, each) for each in self._links.scripts]

    @property
    def styles(self) -> list[str]:
        """The URLs of our style sheets in the page."""
        base = self.page.url
        return [urljoin(base, each) for each in self._links.styles]

    @property
    def policies(self) -> list[str]:
        """The Content-Security-Policies of the page, which are in headers or in the page."""
        return [*self.page.all("content-security-policy"), *self._links.policies]

    @property
    def token(self) -> str:
        """What Django's CSRF check wants to see again."""
        found = TOKEN.search(self.page.text)
        return found[1] if found else self.front.cookie(settings.CSRF_COOKIE_NAME) or ""

    def read(self, path: str) -> Answer:
        answer = self.front.get(path)
        if answer.status == HTTPStatus.OK:
            self._page = answer
            self._links.feed(answer.text)
        return answer

    def leave(self) -> None:
        """Delete the session that the site may have begun, where it is kept."""
        key = self.front.cookie(settings.SESSION_COOKIE_NAME)
        if key:
            with suppress(Exception):  # another site's session, or one that cannot be reached
                session = import_module(settings.SESSION_ENGINE).SessionStore(key)
                if SESSION_KEY not in session:  # or another site says whom we are to sign out
                    session.delete(key)


def url_of(name: str, *arguments: str) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        raise NotTried(f"the site has no URL {name}") from None


def try_page(visit: Visit) -> Result:
    """Read the wallet page as an anonymous visitor does."""
    try:
        path = url_of("moralis_login")
    except NotTried as none:
        if allauth_settings.HEADLESS_ONLY:
            raise
        return failed(str(none), "Include allauth.urls in the site's URLs.")
    try:
        answer = visit.read(path)
    except NotReached as error:
        return failed(
            f"{visit.front.address.origin} does not answer: {error.kind}",
            "See that the site runs, that its name leads there, and that its certificate is valid.",
        )
    if answer.status != HTTPStatus.OK:
        return failed(f"{path} answers {answer.status}{_redirect(answer)}", _of_status(answer))
    if not visit.scripts or WALLETS not in answer.text:
        return warning(
            f"{path} has no place for wallets, or no script of ours",
            "If the page is not your own, `manage.py check` says which template leaves them out.",
        )
    skew = skew_of(answer.header("date"))
    if skew is not None and abs(skew) > NOTABLE_SKEW:
        return warning(f"read; the server's clock is {difference(skew)}", SET_THE_CLOCK)
    where = visit.front.address.origin if visit.front.is_outside else "this process"
    return passed(f"{path} is served by {where}")


def _redirect(answer: Answer) -> str:
    location = answer.header("location").partition("?")[0]
    return f" and redirects to {location}" if location else ""


def _of_status(answer: Answer) -> str:
    if answer.status == HTTPStatus.BAD_REQUEST:
        return "Add this host to ALLOWED_HOSTS, or have the proxy pass the Host header on."
    if answer.header("location"):
        return "Give --url the address to which it redirects; or see who redirects, and why."
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "Look for the error in the site's log, or in its proxy's."
    return "See that the proxy passes this path on, and that allauth.urls is included there."
