"""Error reports, as they are mailed to ``ADMINS``: no answer to a challenge shows in them.

``sensitive_variables`` hides what is in functions of ours. The same values are in frames of others:
in allauth's forms, which carry a token through, and in the database's, which store the signature.
"""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import get_exception_reporter_filter

#: Where Django looks for a filter that is the request's own.
REQUESTS_OWN: Final = "exception_reporter_filter"
#: What is shorter is no secret, and might be part of anything.
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
    """The site's own filter, which also replaces each variable that shows one of the secrets."""

    def __init__(self, site: Any) -> None:
        self._site = site
        self.secrets: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._site, name)

    def get_traceback_frame_variables(self, request: HttpRequest, tb_frame: Any) -> Any:
        variables = self._site.get_traceback_frame_variables(request, tb_frame)
        if settings.DEBUG:  # when nothing at all is hidden
            return variables
        return [(name, self._hidden(value)) for name, value in variables]

    def _hidden(self, value: Any) -> Any:
        try:
            shown = repr(value)
        except Exception:  # noqa: BLE001 - of whatever object it is; the report says so itself
            return value
        shows = any(secret in shown for secret in self.secrets)
        return self._site.cleansed_substitute if shows else value
