"""By which host the site is asked where no ``--url`` says so."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from .. import conf


@dataclass(frozen=True, slots=True)
class Address:
    """The site's own address: its scheme, and its host with the port if there is one."""

    scheme: str
    host: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def is_local(self) -> bool:
        """Whether it is this very machine, where browsers trust http as well."""
        name = urlsplit(self.origin).hostname or ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")


def of_url(url: str) -> Address:
    """Return the address of a URL as browsers write it: no user, no default port, lower case."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    default = 443 if parts.scheme == "https" else 80
    return Address(parts.scheme, host if parts.port in (None, default) else f"{host}:{parts.port}")


def of_settings() -> Address:
    """Return an address that the settings allow, and the scheme that they speak of."""
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    own = conf.current().domain
    if own and validate_host(split_domain_port(own)[0], settings.ALLOWED_HOSTS):
        names.insert(0, own)
    secure = settings.SECURE_SSL_REDIRECT or settings.SESSION_COOKIE_SECURE
    # Without a name there is "*", or DEBUG, in which Django allows this one.
    return Address("https" if secure else "http", (names or ["localhost"])[0])
