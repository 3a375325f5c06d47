"""What the wallet page shows of another device: on the phone that signs, on the one that asks."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import conf
from ..exceptions import WalletError
from ..internal.flows import domain_of
from . import states
from .states import DeviceRequest


def find(request: HttpRequest, device_id: str) -> DeviceRequest | None:
    """Return the request that the phone's page is about, if it can still be answered."""
    try:
        return states.find(device_id, domain_of(request))
    except WalletError:  # the page tells of a refusal already
        return None


def ask(fields: dict[str, str]) -> dict[str, Any] | None:
    """Return what the computer's script reads, if the site lets a phone sign it in.

    ``fields`` say what for, as those of a challenge request do.
    """
    if not conf.current().cross_device:
        return None
    return {
        "url": reverse("moralis_device"),
        "pollUrl": reverse("moralis_device_poll"),
        "csrfHeader": csrf_header(),
        "fields": fields,
        "texts": {
            "asking": _("One moment…"),
            "waiting": _("Waiting for your phone…"),
            "approved": _("Your phone has signed. One moment…"),
            "expired": _(
                "This code no longer works: its time ran out, or a wrong number was typed three "
                "times. Press the button for a new one."
            ),
            "network": _("This site could not be reached. Check your connection and try again."),
        },
    }


def csrf_header() -> str:
    return settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
