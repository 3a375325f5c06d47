"""Pending challenges, kept in the visitor's session: single use, and bound to one browser.

allauth's own state stash would do, but at the price of two writes and a read of the session for
each challenge: it saves at once, and the middleware saves again. Here a challenge is put with one
write. When one is taken and opens an account, the session gets another key anyway, and what was
stored under the old one is gone. Whatever else happens to it is written at once.

Another tab may sign in or out meanwhile, which ends the session. What is written at once can then
be refused in our own words; Django's middleware would answer with a page that leads nowhere.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest

from ..exceptions import BY_NAME, ChallengeMissing, WalletError
from ..siwx.wallets import Challenge
from .stores import hide_visitor, reach_sessions

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
    kept = {
        handle: entry
        for handle, entry in _entries(request.session).items()
        if entry["expires_at"] > horizon
    }
    handle = token_urlsafe(24)
    kept[handle] = {
        "challenge": pending.challenge.to_json(),
        "state": pending.login_state,
        "expires_at": pending.expires_at,
        "redirect_state": pending.redirect_state_id,
    }
    request.session[SESSION_KEY] = newest(kept)
    keep(request)
    return handle


def keep(request: HttpRequest) -> None:
    """Save the session, if there is one already. That of a new visitor is saved by Django.

    Raise ``ChallengeMissing`` if another request ended it.
    """
    if request.session.session_key is None:
        reach_sessions(request)
    elif not save_now(request):
        raise ChallengeMissing("the session ended")


@contextmanager
def taken(request: HttpRequest, handle: str) -> Iterator[Pending | None]:
    """Give the block a pending challenge, if there is one, and forget it, whatever happens there.

    If all goes well the session is saved at the end of the request. A block that may take long
    calls ``save_now`` before that.
    """
    entries = _entries(request.session)
    entry = entries.pop(handle, None)
    if entry is None:
        yield None
    else:
        with undoing(request, handle):
            request.session[SESSION_KEY] = entries
            yield _pending(entry)


@contextmanager
def undoing(request: HttpRequest, handle: str = "") -> Iterator[None]:
    """If the block fails, go on with the session as it is stored, but without this challenge.

    What was remembered of a refusal is kept. The request's own session will not do: it may have
    another key by now, and a user, which a rollback undid; and Django does not save that of a 5xx.
    """
    key = request.session.session_key
    try:
        yield
    except Exception:
        _go_back(request, key, handle)
        raise


def _go_back(request: HttpRequest, key: str | None, handle: str) -> None:
    try:
        ours = _refused(request.session)
        stored = type(request.session)(key)
        entries, refused = _entries(stored), _refused(stored)
        if stored.session_key is None:  # another request ended it
            hide_visitor(request)
            return
        if entries.pop(handle, None) is not None:
            stored[SESSION_KEY] = entries
        if not ours.keys() <= refused.keys():
            stored[REFUSED_KEY] = newest({**refused, **ours})
        request.session = stored
        if stored.modified:
            save_now(request)
    except Exception as error:  # noqa: BLE001 - what went wrong before is what people must hear of
        # The claim in the cache remains. The text may name a host.
        logger.error("A challenge stays in its session: %s", type(error).__name__)  # noqa: TRY400 - as above


def save_now(request: HttpRequest) -> bool:
    """Save the session, and return whether it is still there.

    If another request has just ended it, this one goes on without. Writing would bring it back to
    life, and the cookie may be that of a new session by now.
    """
    session = request.session
    try:
        session.save()
    except UpdateError:
        hide_visitor(request)
        return False
    if session.session_key == request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        session.modified = False  # there is nothing to tell the browser, so Django need not save it
    return True


def find(request: HttpRequest, handle: str) -> Pending | None:
    """Return a pending challenge of this browser, without using it up."""
    entry = _entries(request.session).get(handle)
    return _pending(entry) if entry is not None else None


def waiting(request: HttpRequest) -> list[Pending]:
    """Return the pending challenges of this browser, without using them up."""
    return [_pending(entry) for entry in _entries(request.session).values()]


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
    if session.session_key is None or not session.accessed:  # not read yet
        return
    stored = type(session)(session.session_key)
    fresh = stored.load()
    if stored.session_key is None:
        hide_visitor(request)
        raise ChallengeMissing("the session ended")
    session.clear()
    session.update(fresh)


def remember_refusal(
    request: HttpRequest, handle: str, posted: Mapping[str, str], error: WalletError
) -> None:
    """Remember the error that refused what was posted, for when the page that says so is reloaded.

    The caller saves the session.
    """
    # A backend's own kind of error is remembered as the kind of ours from which it derives.
    name = next(kind.__name__ for kind in type(error).__mro__ if BY_NAME.get(kind.__name__) is kind)
    refused = {**_refused(request.session), _digest(handle, posted): name}
    request.session[REFUSED_KEY] = newest(refused)


def remembered_refusal(
    request: HttpRequest, handle: str, posted: Mapping[str, str]
) -> type[WalletError] | None:
    """Return the kind of error that refused the same in this browser, if any."""
    return BY_NAME.get(_refused(request.session).get(_digest(handle, posted), ""))


def _digest(handle: str, posted: Mapping[str, str]) -> str:
    proof = json.dumps([handle, posted.get("signature"), posted.get("full_message")])
    return sha256(proof.encode()).hexdigest()


def _entries(session: SessionBase) -> dict[str, Any]:
    return dict(session.get(SESSION_KEY) or {})


def _refused(session: SessionBase) -> dict[str, str]:
    """The names of errors by the digests of what was posted."""
    return dict(session.get(REFUSED_KEY) or {})


def newest(of: dict[str, Any]) -> dict[str, Any]:
    """Return as many of the entries as a session keeps. The oldest come first."""
    return dict([*of.items()][-MAX_PENDING:])
