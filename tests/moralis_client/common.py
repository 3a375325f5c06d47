"""What the tests of moralis_client share."""

import traceback
from dataclasses import replace
from datetime import UTC, datetime

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.backends.moralis.backend import MoralisBackend
from allauth_moralis.siwx.text import render, timestamp
from allauth_moralis.siwx.wallets import Challenge, MessageFields

from ..conftest import API_KEY

BASE = "https://moralis.test"
REQUEST = f"{BASE}/challenge/request/evm"
VERIFY = f"{BASE}/challenge/verify/evm"
CALLS_OF_A_LOGIN = ["POST /challenge/request/evm", "POST /challenge/verify/evm"]
PROFILE = "0x" + "5b" * 32
SECRET = "signature-that-must-not-be-seen-anywhere"


def issued(fields: MessageFields) -> Challenge:
    """A challenge as the service would have made it a moment ago."""
    return replace(
        LocalBackend().request_challenge(fields), profile_id=PROFILE, issued_by="moralis"
    )


def request(fields: MessageFields) -> Challenge:
    return MoralisBackend().request_challenge(fields)


def text(
    fields: MessageFields, *, nonce: str = "rhB7VY6zuNlwTu4KM", issued_at: str | None = None
) -> str:
    now = timestamp(datetime.now(UTC))
    return render(fields, nonce=nonce, issued_at=now if issued_at is None else issued_at)


def request_answer(fields: MessageFields, **changes: object) -> dict:
    return {"id": "FBQpoJMHHmdm4F7Fv", "message": text(fields), "profileId": PROFILE, **changes}


def verify_answer(challenge: Challenge, **changes: object) -> dict:
    """The service's "yes", in the order of its recordings."""
    fields = challenge.fields
    answer = {
        "id": challenge.id,
        "domain": fields.domain,
        "chainId": fields.chain_id,
        "address": fields.wallet.address,
        "statement": fields.statement,
        "uri": fields.uri,
        "expirationTime": fields.expiration_time,
        "version": "1",
        "nonce": challenge.nonce,
        "profileId": PROFILE,
    }
    return {**answer, **changes}


def without(answer: dict, key: str) -> dict:
    return {name: value for name, value in answer.items() if name != key}


MALFORMED = [
    ("id", "seven77"),
    ("id", "x" * 65),
    ("id", "with-dash-in-it"),
    ("id", "FBQpoJMHHmdm4F7Fv\n"),
    ("id", "FBQpoJMHHmdm4F7F\u00e9"),
    ("message", "x" * 5000),
    ("message", "\ud800"),
    ("profileId", "5b" * 32),
    ("profileId", PROFILE[:-1]),
    ("profileId", PROFILE + "0"),
    ("profileId", PROFILE[:-1] + "g"),
    ("profileId", PROFILE + "\n"),
]
CHAIN_ENUM = "chainId must be one of the following values: 1, 5, 10"


def assert_nothing_seen(error: BaseException, *more: str) -> None:
    """Neither the key nor the signature is in what is shown of an error, or in ``more``."""
    shown = [
        repr(error),
        repr(vars(error)),
        *traceback.format_exception(error),
        *traceback.format_exception(error, chain=True),
        *more,
    ]
    for piece in shown:
        assert API_KEY not in piece
        assert SECRET not in piece
