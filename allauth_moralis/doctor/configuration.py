"""The system checks of this package, and the static files of its pages."""

from collections import Counter

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation

from .findings import NotTried, Result, failed, passed, warning

#: Of the pages of visitors; scripts are no static files (``internal.scripts``).
STYLES = ("moralis/moralis.css", "moralis/device.css")


def system_checks() -> Result:
    deployed = not settings.DEBUG
    found = [
        each
        for each in checks.run_checks(include_deployment_checks=deployed)
        if str(each.id).startswith("allauth_moralis.") and not each.is_silenced()
    ]
    if not found:
        return passed("`manage.py check` has nothing to say of wallets")
    ids = Counter(str(each.id).removeprefix("allauth_moralis.") for each in found)
    seen = f"`manage.py check` reports {', '.join(sorted(ids))}"
    what_to_do = f"Run `manage.py check{' --deploy' if deployed else ''}`, which says what to do."
    is_error = any(each.is_serious() for each in found)
    return failed(seen, what_to_do) if is_error else warning(seen, what_to_do)


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
