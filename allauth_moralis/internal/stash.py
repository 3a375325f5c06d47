"""Pending challenges, kept in the visitor's session: single use, bound to one browser.

allauth's own state stash would do, at the price of two writes and a read of the session for each
challenge (it saves at once and has the middleware save again); this one leaves the one write to
the session middleware. Taking a challenge is saved at once, before anything can fail.
"""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from ..exceptions import ChallengeMissing
from ..siwx.wallets import Challenge, Proof

SESSION_KEY = "allauth_moralis"
REFUSED_KEY = "allauth_moralis_refused"
#: So many tabs may be signing at once; the oldest gives way.
MAX_PENDING = 10
#: Seconds for which an expired challenge is kept, so that its answer is told why it came too late.
KEEP_EXPIRED = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A challenge on its way. ``state`` becomes the ``SocialLogin``'s, as allauth shapes it."""

    challenge: Challenge
    state: dict[str, Any]
    expires_at: float  # seconds since the epoch
    #: allauth's name for the redirect flow that led to the page, which may ask again.
    redirect_state: str | None = None

    @property
    def expires(self) -> datetime:
        return datetime.fromtimestamp(self.expires_at, UTC)

    @property
    def expired(self) -> bool:
        return time.time() >= self.expires_at


def put(request: HttpRequest, pending: Pending) -> str:
    """Keep ``pending``; returns the handle by which this browser can take it, once."""
    horizon = time.time() - KEEP_EXPIRED
    kept = [
        (handle, entry)
        for handle, entry in _entries(request).items()
        if entry["expires_at"] > horizon
    ]
    handle = get_random_string(32)
    entry = {
        "challenge": pending.challenge.to_json(),
        "state": pending.state,
        "expires_at": pending.expires_at,
        "redirect_state": pending.redirect_state,
    }
    request.session[SESSION_KEY] = dict([*kept, (handle, entry)][-MAX_PENDING:])
    return handle


def take(request: HttpRequest, handle: str) -> Pending | None:
    """Give the challenge out and forget it, whatever happens next; ``None`` if there is none."""
    entries = _entries(request)
    entry = entries.pop(handle, None)
    if entry is None:
        return None
    request.session[SESSION_KEY] = entries
    try:
        # Now, and not at the end of the request: Django saves no session on a 5xx.
        request.session.save()
    except UpdateError:
        # Another request signed this visitor out meanwhile. Writing on would bring the session
        # that they ended back to life.
        request.session.flush()
        return None
    return _pending(entry)


def waiting(request: HttpRequest) -> list[Pending]:
    """Return what waits for an answer from this browser, without using any of it up."""
    return [_pending(entry) for entry in _entries(request).values()]


def _pending(entry: dict[str, Any]) -> Pending:
    return Pending(
        challenge=Challenge.from_json(entry["challenge"]),
        state=entry["state"],
        expires_at=entry["expires_at"],
        redirect_state=entry["redirect_state"],
    )


def refresh(request: HttpRequest) -> None:
    """Read the session afresh, after a service was asked and before anything is written.

    What another tab wrote while the service worked would be lost: sessions are written whole.
    Raises ``ChallengeMissing`` where another request ended the session.
    """
    session = request.session
    key = session.session_key
    if key is None or not session.accessed:  # it has not been read yet
        return
    fresh = session.load()
    if session.session_key != key:
        session.flush()
        raise ChallengeMissing("the session ended")
    session.clear()
    session.update(fresh)


def remember_refusal(request: HttpRequest, handle: str, proof: Proof, code: str) -> None:
    """Keep why this answer was refused, for whoever reloads the page that says so."""
    refused = dict(request.session.get(REFUSED_KEY) or {})
    kept = [*refused.items(), (_digest(handle, proof), code)]
    request.session[REFUSED_KEY] = dict(kept[-MAX_PENDING:])
    # Now, as above. Where the session ended, there is nobody left to tell.
    with suppress(UpdateError):
        request.session.save()


def refusal(request: HttpRequest, handle: str, proof: Proof) -> str | None:
    """The code by which this very answer was refused in this browser before."""
    refused = request.session.get(REFUSED_KEY) or {}
    code: str | None = refused.get(_digest(handle, proof))
    return code


def _digest(handle: str, proof: Proof) -> str:
    answer = json.dumps([handle, proof.signature, proof.full_message])
    return sha256(answer.encode()).hexdigest()


def _entries(request: HttpRequest) -> dict[str, Any]:
    return dict(request.session.get(SESSION_KEY) or {})
