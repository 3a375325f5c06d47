"""Keep proofs out of error reports, such as those that Django e-mails to ``ADMINS``.

``sensitive_variables`` hides the variables of our own functions. But the same values are in the
frames of others: of allauth's forms, which pass a token on, and of the database, which stores the
signature.
"""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import get_exception_reporter_filter

#: The attribute of a request in which Django looks for a filter of its own.
REQUESTS_OWN: Final = "exception_reporter_filter"
#: Anything shorter is not a secret, and might be part of any other value.
MIN_SECRET = 16  # characters


def hide(request: HttpRequest, *secrets: object) -> None:
    """Keep ``secrets`` out of every frame of an error report about this request."""
    own: object = get_exception_reporter_filter(request)
    if not isinstance(own, _HidingFilter):
        own = _HidingFilter(own)
        setattr(request, REQUESTS_OWN, own)
    for secret in secrets:
        bare = secret.strip() if isinstance(secret, str) else ""
        if len(bare) >= MIN_SECRET:
            own.secrets |= {bare, repr(bare)[1:-1]}


class _HidingFilter:
    """The site's own filter, but it also replaces each variable that shows one of the secrets."""

    def __init__(self, site: Any) -> None:
        self._site = site
        self.secrets: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._site, name)

    def get_traceback_frame_variables(self, request: HttpRequest, tb_frame: Any) -> Any:
        variables = self._site.get_traceback_frame_variables(request, tb_frame)
        if settings.DEBUG:  # nothing is hidden then
            return variables
        return [(name, self._hidden(value)) for name, value in variables]

    def _hidden(self, value: Any) -> Any:
        try:
            shown = repr(value)
        except Exception:  # noqa: BLE001 - of any object; the report itself says what failed
            return value
        shows = any(secret in shown for secret in self.secrets)
        return self._site.cleansed_substitute if shows else value
