"""Pending challenges, kept in the visitor's session: single use, and bound to one browser.

allauth's own state stash would do, but at the price of two writes and a read of the session for
each challenge: it saves at once, and the middleware saves again. Here the middleware's write is the
only one when a challenge is put. When one is taken and opens an account, the session gets another
key anyway, and what was stored under the old one is gone. Whatever else happens to it is written at
once.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest

from ..exceptions import BY_NAME, ChallengeMissing, WalletError
from ..siwx.wallets import Challenge, Proof
from .stores import reach_sessions

logger = logging.getLogger("allauth_moralis")

SESSION_KEY = "allauth_moralis"
REFUSED_KEY = "allauth_moralis_refused"
#: How many tabs may be signing at the same time; the oldest gives way.
MAX_PENDING = 10
#: Seconds for which an expired challenge is kept, to tell people that they ran out of time.
KEEP_EXPIRED = 600


class Expiring:
    """Something that ends at ``expires_at``, in seconds since the epoch."""

    __slots__ = ()
    expires_at: float

    @property
    def expires(self) -> datetime:
        return datetime.fromtimestamp(self.expires_at, UTC)

    @property
    def expired(self) -> bool:
        return time.time() >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Expiring):
    """A challenge that was issued and not used yet."""

    challenge: Challenge
    #: What becomes ``SocialLogin.state``, in allauth's form.
    login_state: dict[str, Any]
    expires_at: float
    #: allauth's id of the stashed state of the redirect that led to the page, if one did.
    redirect_state_id: str | None = None


def put(request: HttpRequest, pending: Pending) -> str:
    """Keep ``pending``, and return the handle by which this browser can take it, once."""
    horizon = time.time() - KEEP_EXPIRED
    kept = [
        (handle, entry)
        for handle, entry in _entries(request).items()
        if entry["expires_at"] > horizon
    ]
    handle = token_urlsafe(24)
    entry = {
        "challenge": pending.challenge.to_json(),
        "state": pending.login_state,
        "expires_at": pending.expires_at,
        "redirect_state": pending.redirect_state_id,
    }
    request.session[SESSION_KEY] = dict([*kept, (handle, entry)][-MAX_PENDING:])
    reach_sessions(request)
    return handle


@contextmanager
def taken(request: HttpRequest, handle: str) -> Iterator[Pending | None]:
    """Give the block a pending challenge, if there is one, and forget it, whatever happens there.

    If all goes well the session is saved at the end of the request. A block that may take long
    calls ``save_now`` before that.
    """
    # If all does not, the request's own session will not do: Django does not save that of a 5xx,
    # and it may have another key by then, which a rollback undid.
    stored = type(request.session)(request.session.session_key)
    entries = _entries(request)
    entry = entries.pop(handle, None)
    if entry is not None:
        request.session[SESSION_KEY] = entries
    try:
        yield _pending(entry) if entry is not None else None
    except Exception:
        if entry is not None:
            _forget(stored, handle)
        raise


def _forget(session: SessionBase, handle: str) -> None:
    """Remove a challenge from a session as it is stored."""
    try:
        entries = dict(session.get(SESSION_KEY) or {})
        if entries.pop(handle, None) is not None:
            session[SESSION_KEY] = entries
            with suppress(UpdateError):  # it has just ended
                session.save()
    except Exception as error:  # noqa: BLE001 - what went wrong before is what people must hear of
        # The claim in the cache remains. The text may name a host.
        logger.error("A challenge stays in its session: %s", type(error).__name__)  # noqa: TRY400 - as above


def save_now(request: HttpRequest) -> bool:
    """Save the session, and return whether it is still there.

    Now, and not at the end of the request: Django does not save the session of a 5xx.
    """
    try:
        request.session.save()
    except UpdateError:
        # Another request has just signed this visitor out. Writing now would bring the session that
        # they ended back to life.
        request.session.flush()
        return False
    return True


def waiting(request: HttpRequest) -> list[Pending]:
    """Return the pending challenges of this browser, without using them up."""
    return [_pending(entry) for entry in _entries(request).values()]


def _pending(entry: dict[str, Any]) -> Pending:
    return Pending(
        challenge=Challenge.from_json(entry["challenge"]),
        login_state=entry["state"],
        expires_at=entry["expires_at"],
        redirect_state_id=entry["redirect_state"],
    )


def refresh(request: HttpRequest) -> None:
    """Read the session again, after a service was called and before anything is written.

    Sessions are written as a whole, so what another tab wrote during the call would be lost. Raise
    ``ChallengeMissing`` if another request ended the session.
    """
    session = request.session
    key = session.session_key
    if key is None or not session.accessed:  # not read yet
        return
    fresh = session.load()
    if session.session_key != key:
        session.flush()
        raise ChallengeMissing("the session ended")
    session.clear()
    session.update(fresh)


def remember_refusal(request: HttpRequest, handle: str, proof: Proof, error: WalletError) -> None:
    """Remember the error that refused this proof, for when the page that says so is reloaded."""
    # A backend's own kind of error is remembered as the kind of ours from which it derives.
    name = next(kind.__name__ for kind in type(error).__mro__ if BY_NAME.get(kind.__name__) is kind)
    refused = dict(request.session.get(REFUSED_KEY) or {})
    kept = [*refused.items(), (_digest(handle, proof), name)]
    request.session[REFUSED_KEY] = dict(kept[-MAX_PENDING:])
    try:
        request.session.save()  # now, as in ``save_now``
    except UpdateError:
        # It has ended, so there is no one left to tell. Django must not try again: it would answer
        # with a page of its own. Nor may the cookie go, which may be of a new session by now.
        request.session.modified = False


def remembered_refusal(request: HttpRequest, handle: str, proof: Proof) -> type[WalletError] | None:
    """Return the kind of error that refused this very proof in this browser, if any."""
    refused = request.session.get(REFUSED_KEY) or {}
    return BY_NAME.get(refused.get(_digest(handle, proof), ""))


def _digest(handle: str, proof: Proof) -> str:
    posted = json.dumps([handle, proof.signature, proof.full_message])
    return sha256(posted.encode()).hexdigest()


def _entries(request: HttpRequest) -> dict[str, Any]:
    return dict(request.session.get(SESSION_KEY) or {})
