"""Profiles of the Moralis Auth API: which addresses it attributes to one owner.

A profile's id is an attribute of a wallet, and never identifies it: it is known before anything has
been proven, and it changes when wallets are bound or unbound. If anything fails, every function
raises a ``WalletError``.

The texts to sign name no domain, no expiration time and no chain, so a page elsewhere could have
one signed for its own ends; and it is not documented which of the profiles a text names. That is
why the package's own pages do not offer binding. A site that does should show the text and say what
it means.

Source: the Auth API's reference, ``/profile/{profileId}/addresses`` and ``/bind/…``.
"""

import re
from collections.abc import Sequence

from ...exceptions import InvalidRequest, Misconfigured, UpstreamRejected
from ...siwx.wallets import Wallet
from .. import get_backend
from .auth_api import AuthApi, Refused
from .backend import MoralisBackend, verify_error
from .payloads import PROFILE_ID, text_of

BIND = (
    r"Please sign this message to bind:\nProfile Ids:\n(?:- {profile}\n)+\n"
    r"with\n\nAddress: {address}\nNonce: [A-Za-z0-9]{{8,64}}"
)
UNBIND = (
    r"Please sign this message to unbind:\nAddress: {address}\n"
    r"from\nProfile Id:\n- {profile}\nNonce: [A-Za-z0-9]{{8,64}}"
)


def addresses(profile_id: str) -> list[str]:
    """Return the addresses of a profile, in the service's spelling.

    ``profile_id`` is ``0x`` and 64 hex digits.
    """
    if not re.fullmatch(PROFILE_ID, profile_id, re.ASCII):
        raise InvalidRequest("not a profile id")
    try:
        found = _api().get(f"/profile/{profile_id}/addresses")
    except Refused:
        raise UpstreamRejected("the service knows no such profile") from None
    if not all(isinstance(address, str) for address in found):
        raise UpstreamRejected("not a list of addresses")
    return found


def request_bind(first: Wallet, second: Wallet) -> tuple[str, str]:
    """Return two texts, one for each wallet to sign, to merge their profiles into a new one."""
    response = _post("/bind/request", {"addresses": [_described(first), _described(second)]})
    texts = response.get("messages")
    if not isinstance(texts, list) or len(texts) != 2:  # noqa: PLR2004 - one for each wallet
        raise UpstreamRejected("not two texts")
    one, other = texts
    return _matched(one, BIND, first), _matched(other, BIND, second)


def verify_bind(signed: Sequence[tuple[str, str]]) -> str:
    """Return the id of the new profile, given two pairs of a text and its signature."""
    verifications = [{"message": text, "signature": signature} for text, signature in signed]
    return _profile_id("/bind/request/verify", {"verifications": verifications})


def request_unbind(wallet: Wallet, profile_id: str) -> str:
    """Return the text for the wallet to sign, to leave the profile for one of its own."""
    response = _post("/bind/remove", {**_described(wallet), "profileId": profile_id})
    return _matched(response.get("message"), UNBIND, wallet, profile_id)


def verify_unbind(text: str, signature: str) -> str:
    """Return the id of the wallet's new profile, given the text and its signature."""
    return _profile_id("/bind/remove/verify", {"message": text, "signature": signature})


def _api() -> AuthApi:
    backend = get_backend()
    if not isinstance(backend, MoralisBackend):
        raise Misconfigured("only the Moralis backend has profiles, and BACKEND is another")
    return backend.api


def _post(path: str, body: dict[str, object]) -> dict[str, object]:
    try:
        return _api().post(path, body)
    except Refused as refused:
        raise verify_error(refused) from None


def _profile_id(path: str, body: dict[str, object]) -> str:
    return text_of(_post(path, body), "profileId", PROFILE_ID)


def _described(wallet: Wallet) -> dict[str, object]:
    key = {"publicKey": wallet.public_key} if wallet.public_key else {}
    return {"blockchainType": wallet.network, "address": wallet.address, **key}


def _matched(text: object, pattern: str, wallet: Wallet, profile: str = PROFILE_ID) -> str:
    """Return the text if it says exactly what was asked: no wallet may be shown any other."""
    expected = pattern.format(address=re.escape(wallet.address), profile=profile)
    if not isinstance(text, str) or not re.fullmatch(expected, text, re.ASCII):
        raise UpstreamRejected("the text is not the one that was asked for")
    return text
