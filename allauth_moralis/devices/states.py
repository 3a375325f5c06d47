"""What becomes of a device request: asked by a computer, approved on a phone, completed once.

What the phone must know, and what it found out, is in the shared cache, under the id that the QR
code carries. What only the computer may use is in its session, under the device code. Neither
sessions nor caches lock, so each step is a key of its own, which ``cache.add`` gives to one request
and to no other.
"""

import secrets
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import ceil
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from ..exceptions import (
    ChallengeMissing,
    DeviceNumberWrong,
    DeviceNumberWrongTooOften,
    DeviceRequestOver,
    StorageUnavailable,
)
from ..internal.stash import Expiring, keep, newest, save_now
from ..internal.stores import cache_must_answer, cache_must_keep
from ..siwx.wallets import VerifiedWallet

SESSION_KEY = "allauth_moralis_devices"
#: 131 bits. A shorter id would be guessed, and a longer one makes a code that is hard to scan.
ID_LENGTH = 22
#: The number has two digits, and the first is not 0, which people might leave out.
NUMBERS = range(10, 100)
#: Seconds before the end in which a computer may not ask again, nor go on.
LAST_SECONDS = 4
#: Seconds for which a step is kept after the end: with a time-out of 0 a cache would keep none, and
#: let every request have it.
REMEMBERED = 60

REQUESTED, ENDED, APPROVED, COMPLETED = "requested", "ended", "approved", "completed"
#: How often a number may be wrong.
TRIES = ("try-1", "try-2", "try-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest(Expiring):
    """What a computer has asked for, as far as the phone must know it."""

    id: str
    #: It is on the computer's screen, and not in the code: who scans must look at that screen.
    number: str
    process: str
    #: The site's domain where it was asked. A text that names another one does not answer it.
    domain: str
    #: The names of the browser and of the system that asked.
    browser: str
    system: str
    expires_at: float


def new_id() -> str:
    return get_random_string(ID_LENGTH)


def new_number() -> str:
    return str(secrets.choice(NUMBERS))


# --- The computer -----------------------------------------------------------------------------


def put(request: HttpRequest, device: DeviceRequest, login_state: dict[str, Any]) -> str:
    """Keep a device request, and return the code by which this session alone can complete it."""
    if not _add(device, REQUESTED, asdict(device)):
        raise StorageUnavailable("the cache does not answer: it keeps nothing")
    now = time.time()
    kept = {code: entry for code, entry in _entries(request).items() if entry["expires_at"] > now}
    code = get_random_string(32)
    kept[code] = {
        "id": device.id,
        "state": login_state,
        "user": _user(request),
        "expires_at": device.expires_at,
    }
    request.session[SESSION_KEY] = newest(kept)
    keep(request)
    return code


def status(request: HttpRequest, code: str) -> str:
    """Return "pending", "approved" or "expired", as the computer asks again and again."""
    entry = _entries(request).get(code)
    found = _read(entry["id"]) if entry else {}
    if _live(found) is None:
        return "expired"
    return "approved" if APPROVED in found else "pending"


def approved(request: HttpRequest, code: str) -> VerifiedWallet | None:
    """Return the wallet that was verified for this session, without using it up."""
    entry = _entries(request).get(code)
    found = _read(entry["id"]) if entry else {}
    if _live(found) is None or APPROVED not in found:
        return None
    return VerifiedWallet.from_json(found[APPROVED])


def take(request: HttpRequest, code: str) -> dict[str, Any]:
    """Use up what was approved, and return the state of the login.

    Raise ``ChallengeMissing`` unless this request is the only one that does, in the session that
    asked, for the user who asked.
    """
    entries = _entries(request)
    entry = entries.pop(code)
    request.session[SESSION_KEY] = entries
    device = _live(_read(entry["id"])) if save_now(request) else None
    if device is None or not _add(device, COMPLETED, 1):
        cache_must_keep()
        raise ChallengeMissing("completed already, or the session ended")
    state: dict[str, Any] = entry["state"]
    # The page goes on by itself, and somebody else may have signed in at the same browser since.
    if entry["user"] != _user(request):
        raise ChallengeMissing("another user asked, or nobody")
    return state


def _entries(request: HttpRequest) -> dict[str, Any]:
    return dict(request.session.get(SESSION_KEY) or {})


def _user(request: HttpRequest) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


# --- The phone --------------------------------------------------------------------------------


def find(device_id: str, domain: str) -> DeviceRequest | None:
    """Return the device request with this id, if nobody has answered it and there is time left."""
    found = _read(device_id)
    device = _live(found)
    if device is None or APPROVED in found or device.domain != domain:
        return None
    return device


def check_number(device: DeviceRequest, number: str) -> None:
    """Raise ``DeviceNumberWrong`` for another number than the computer shows; thrice is the end.

    Each try claims one of three places before it is judged, so that a hundred tries at the same
    moment are no more than three.
    """
    place = next((each for each in TRIES if _add(device, each, 1)), None)
    if place is None:
        cache_must_keep()
        raise DeviceRequestOver("too many numbers at once")
    if number == device.number:
        with cache_must_answer():
            cache.delete(_key(device.id, place))
        return
    if place == TRIES[-1]:
        _add(device, ENDED, 1)
        raise DeviceNumberWrongTooOften
    raise DeviceNumberWrong


def approve(device: DeviceRequest, verified: VerifiedWallet) -> None:
    """Let the computer that asked have this wallet.

    Raise ``DeviceRequestOver`` if another wallet was faster, or if it is too late: people must not
    read that it worked where the computer cannot hear of it in time.
    """
    if device.expires_at - time.time() < LAST_SECONDS:
        raise DeviceRequestOver("in the last seconds")
    if not _add(device, APPROVED, verified.to_json()):
        cache_must_keep()
        raise DeviceRequestOver("another wallet was faster")


# --- The cache --------------------------------------------------------------------------------


def _live(found: dict[str, Any]) -> DeviceRequest | None:
    if REQUESTED not in found or ENDED in found or COMPLETED in found:
        return None
    device = DeviceRequest(**found[REQUESTED])
    return None if device.expired else device


def _read(device_id: str) -> dict[str, Any]:
    keys = {_key(device_id, what): what for what in (REQUESTED, ENDED, APPROVED, COMPLETED)}
    with cache_must_answer():
        return {keys[key]: value for key, value in cache.get_many(keys).items()}


def _add(device: DeviceRequest, what: str, value: object) -> bool:
    """Return whether this request is the one that adds ``what``."""
    timeout = ceil(device.expires_at - time.time()) + REMEMBERED
    with cache_must_answer():
        return bool(cache.add(_key(device.id, what), value, timeout=timeout))


def _key(device_id: str, what: str) -> str:
    # An id of a stranger's may hold anything, even half a character, and be of any length.
    digest = sha256(device_id.encode(errors="replace")).hexdigest()
    return f"allauth_moralis:device:{digest}:{what}"
