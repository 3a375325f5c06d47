"""Profiles of the Moralis Auth API: which addresses it takes for one owner's.

A profile's id is an attribute of a wallet, never its key: it is known before anything was proven,
and it changes when wallets are bound or unbound. Every function raises a ``WalletError``.

These texts name no domain, no expiration time and no chain, so a page elsewhere could have one
signed for its own ends, and which of the profiles a text names is not documented. That is why the
package's own pages offer no binding; a site that does should show the text and say what it means.

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
    """The addresses of a profile, as the service spells them."""
    if not re.fullmatch(PROFILE_ID, profile_id, re.ASCII):
        raise InvalidRequest("not a profile id")
    try:
        found = _api().get(f"/profile/{profile_id}/addresses")
    except Refused:
        raise UpstreamRejected("the service knows no such profile") from None
    if not all(isinstance(address, str) for address in found):
        raise UpstreamRejected("an address is none")
    return found


def request_bind(first: Wallet, second: Wallet) -> tuple[str, str]:
    """Two texts, the one for each wallet to sign, by which their profiles become a new one."""
    answer = _post("/bind/request", {"addresses": [_described(first), _described(second)]})
    texts = answer.get("messages")
    if not isinstance(texts, list) or len(texts) != 2:  # noqa: PLR2004 - one for each wallet
        raise UpstreamRejected("not two texts")
    one, other = texts
    return _matched(one, BIND, first), _matched(other, BIND, second)


def verify_bind(signed: Sequence[tuple[str, str]]) -> str:
    """The id of the new profile, for two pairs of text and signature."""
    verifications = [{"message": text, "signature": signature} for text, signature in signed]
    return _profile_id("/bind/request/verify", {"verifications": verifications})


def request_unbind(wallet: Wallet, profile_id: str) -> str:
    """The text for the wallet to sign, by which it leaves the profile for one of its own."""
    answer = _post("/bind/remove", {**_described(wallet), "profileId": profile_id})
    return _matched(answer.get("message"), UNBIND, wallet, profile_id)


def verify_unbind(text: str, signature: str) -> str:
    """The id of the profile that the wallet has from now on."""
    return _profile_id("/bind/remove/verify", {"message": text, "signature": signature})


def _api() -> AuthApi:
    backend = get_backend()
    if not isinstance(backend, MoralisBackend):
        raise Misconfigured("profiles are Moralis' alone, and BACKEND is another")
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
    """A text that says what was asked: no wallet shall be shown another."""
    expected = pattern.format(address=re.escape(wallet.address), profile=profile)
    if not isinstance(text, str) or not re.fullmatch(expected, text, re.ASCII):
        raise UpstreamRejected("the text is not the one that was asked for")
    return text
