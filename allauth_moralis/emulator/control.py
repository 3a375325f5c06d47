"""Control of a running emulator from another process. It is off unless turned on."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from .faults import Faults
from .service import AuthService, Behaviour

CONTROL = "/_emulator/control"


def control(
    service: AuthService, faults: Faults, method: str, body: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Apply ``{"behaviour": {…}, "fault": "name", "path": "/…", "times": n, "reset": true}``.

    Each part may be left out, and a ``GET`` changes nothing. Return a status and the new state.
    """
    try:
        if body.get("reset"):
            faults.clear()
            service.behaviour = Behaviour()
        if "behaviour" in body:
            service.behaviour = replace(service.behaviour, **body["behaviour"])
        if "fault" in body and method == "POST":
            faults.add(body["fault"], path=body.get("path", "/"), times=body.get("times"))
    except (TypeError, ValueError) as error:
        return 400, {"message": str(error)}
    return 200, {"behaviour": asdict(service.behaviour), "faults": faults.waiting}
