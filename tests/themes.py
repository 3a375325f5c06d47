"""Templates of other sites, under which our pages must work."""

from typing import Any

LOCMEM = "django.template.loaders.locmem.Loader"

BASE = "allauth/layouts/base.html"
#: What a site's base template has at the least.
BARE = {BASE: "<!doctype html><html lang=en>{% block content %}{% endblock %}</html>"}
#: As generated projects have it: of allauth's blocks, those that a site needs.
TITLED = {
    BASE: (
        "<!doctype html><html lang=en><title>{% block head_title %}{% endblock %}</title>"
        "<main>{% block content %}{% endblock %}</main></html>"
    )
}
#: allauth's own templates, without any of the site's.
ALLAUTHS: dict[str, str] = {}

THEMES = {"bare": BARE, "titled": TITLED, "allauth's own": ALLAUTHS}


def use(settings: Any, theme: dict[str, str]) -> None:
    """Have the site show ``theme`` in place of the demo's templates."""
    (engine,) = settings.TEMPLATES
    loaders = [(LOCMEM, theme), "django.template.loaders.app_directories.Loader"]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "DIRS": [], "APP_DIRS": False, "OPTIONS": options}]
