"""The system checks of this package, and the static files of its pages."""

from collections.abc import Iterator
from functools import partial

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation

from .findings import NotTried, Probe, Result, Status, failed, passed

#: Of the pages of visitors; scripts are no static files (``internal.scripts``).
STYLES = ("moralis/moralis.css", "moralis/device.css")
OURS = "allauth_moralis."


class SystemChecks:
    """The system checks of this package. Each message is a finding of its own."""

    def __init__(self) -> None:
        self._messages: list[CheckMessage] = []

    def run(self) -> Result:
        """Run the checks, and return what the first message says."""
        self._messages = [
            message
            for message in checks.run_checks(include_deployment_checks=not settings.DEBUG)
            if str(message.id).startswith(OURS) and not message.is_silenced()
        ]
        if not self._messages:
            return passed("`manage.py check` has nothing to say of wallets")
        return _said(self._messages[0])

    def probes(self) -> Iterator[Probe]:
        yield Probe("settings", self.run)
        for message in self._messages[1:]:
            yield Probe("settings", partial(_said, message))


def _said(message: CheckMessage) -> Result:
    status = Status.FAILED if message.is_serious() else Status.WARNING
    return Result(status, f"{message.msg} ({message.id})", message.hint or "")


def static_files() -> Result:
    """Look for the style sheets where the site's pages point to."""
    if not apps.is_installed("django.contrib.staticfiles"):
        raise NotTried("django.contrib.staticfiles is not installed; give --url to try them")
    try:
        for name in STYLES:
            staticfiles_storage.url(name)
    except ValueError:
        return failed(
            "the manifest of static files has no entry for ours: pages end in an error",
            "Run `manage.py collectstatic` with each deployment.",
        )
    missing = [name for name in STYLES if not (_is_collected(name) or finders.find(name))]
    if missing:
        return failed(
            f"not found: {', '.join(missing)}",
            "Leave django.contrib.staticfiles.finders.AppDirectoriesFinder in STATICFILES_FINDERS, "
            "and run `manage.py collectstatic`.",
        )
    if all(map(_is_collected, STYLES)):
        return passed("collected; give --url to see them served")
    return passed("found in the package, not collected; give --url to see whether they are served")


def _is_collected(name: str) -> bool:
    try:
        # A manifest knows under which name a file was stored.
        stored = getattr(staticfiles_storage, "stored_name", str)(name)
        return staticfiles_storage.exists(stored)
    except (ImproperlyConfigured, SuspiciousFileOperation, ValueError):  # e.g. no STATIC_ROOT
        return False
