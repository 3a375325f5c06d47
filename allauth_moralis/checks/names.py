"""System check of what is needed to show ENS names."""

from importlib.util import find_spec
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register

from .. import conf
from .settings import wrong_values


@register()
def check_normalization(**_: Any) -> list[CheckMessage]:
    if wrong_values() or not conf.current().shows_names or find_spec("ens_normalize"):
        return []
    return [
        checks.Warning(
            "Only ENS names of plain letters, digits and hyphens are shown: without the package "
            "ens-normalize, look-alikes cannot be told among the others.",
            hint='Install "django-allauth-moralis[ens]", or set ENS to False to show none.',
            id="allauth_moralis.W043",
        )
    ]
