"""The Moralis Auth API's client: the border to the service. Its exceptions die here.

Source: the Auth API's reference, ``POST /challenge/request/…`` and ``/challenge/verify/…``.
On what the reference leaves open (single use, the fate of ``host:port``) nothing here depends.
"""

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3.exceptions
from django.core.checks import CheckMessage, Error
from django.views.decorators.debug import sensitive_variables

from .. import conf, messages, proofs
from ..exceptions import (
    ChallengeExpired,
    Misconfigured,
    SignatureInvalid,
    UnsupportedChain,
    UnsupportedNetwork,
    UpstreamRejected,
    UpstreamUnavailable,
    WalletError,
)
from ..wallets import EVM, SOLANA, Challenge, Proof, SignIn, VerifiedWallet, Wallet
from .base import Backend
from .transport import DeadlineAdapter

logger = logging.getLogger("allauth_moralis")

MAX_ANSWER = 64 * 1024  # bytes; a real one has some hundreds
#: How far the service's clock may be from ours.
MAX_SKEW = timedelta(seconds=90)
#: A plan that is used up answers 401, as a wrong key does; only the words tell them apart.
QUOTA = r"service blocked|support blocked|usage has been consumed|unpaid invoices"

ID = r"[a-zA-Z0-9]{8,64}"
PROFILE_ID = r"0x[0-9a-fA-F]{64}"


class _Refused(Exception):
    """The service answered 400. Its ``reasons`` are matched, and never shown or logged."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("the service answered 400")
        self.reasons = reasons

    def says(self, pattern: str) -> bool:
        return any(re.search(pattern, reason, re.IGNORECASE) for reason in self.reasons)


class MoralisBackend(Backend):
    name = "moralis"

    def request_challenge(self, asked: SignIn) -> Challenge:
        try:
            return self._request(asked)
        except _Refused as refused:
            bare = re.sub(r":[0-9]+$", "", asked.domain)
            if bare == asked.domain or not refused.says(r"^domain must be a valid"):
                raise _request_error(refused) from None
        # Whether the service takes a domain with a port is not documented, so it is asked for.
        logger.warning("the service takes no port in a domain; set DOMAIN to %r", bare)
        try:
            return self._request(replace(asked, domain=bare))
        except _Refused as refused:
            raise _request_error(refused) from None

    def verify(self, challenge: Challenge, proof: Proof) -> VerifiedWallet:
        # First here: a wrong signature costs no call, and no "yes" of the service can heal it.
        proofs.check(challenge, proof)
        try:
            answer = self._post(
                f"/challenge/verify/{challenge.wallet.network}",
                {"message": challenge.signed_text(proof), "signature": proof.signature},
            )
        except _Refused as refused:
            raise _verify_error(refused) from None
        _compare(answer, challenge)
        return VerifiedWallet(
            challenge=challenge,
            proof=proof,
            verified_by=self.name,
            verified_at=datetime.now(UTC),
            profile_id=_text(answer, "profileId", PROFILE_ID),
        )

    def check(self) -> list[CheckMessage]:
        if conf.api_key():
            return []
        return [
            Error(
                "The Moralis backend needs an API key.",
                hint='Set SOCIALACCOUNT_PROVIDERS["moralis"]["API_KEY"], or leave BACKEND out to '
                "have the embedded verifier do the work.",
                id="allauth_moralis.E010",
            )
        ]

    def _request(self, asked: SignIn) -> Challenge:
        wallet = asked.wallet
        fields = {
            "domain": asked.domain,
            "chainId": None if asked.chain_id is None else str(asked.chain_id),
            "network": None if wallet.network == EVM else asked.cluster,
            "address": wallet.address,
            "publicKey": wallet.public_key,
            "uri": asked.uri,
            "timeout": conf.challenge_ttl(),
            "statement": asked.statement,
            "expirationTime": asked.expiration_time,
            "notBefore": asked.not_before,
            "resources": list(asked.resources) or None,
        }
        body = {key: value for key, value in fields.items() if value is not None}
        # Asking twice harms nobody: a text that no wallet sees is worth nothing.
        answer = self._post(f"/challenge/request/{wallet.network}", body, retry=True)
        text = _text(answer, "message", r"[^\x00]{1,4096}")
        found = messages.match(text, asked)
        if found is None:
            raise UpstreamRejected("the text is not the one that was asked for")
        nonce, issued_at = found
        _check_issued_at(issued_at)
        return Challenge(
            asked=asked,
            nonce=nonce,
            issued_at=issued_at,
            message=text,
            id=_text(answer, "id", ID),
            profile_id=_text(answer, "profileId", PROFILE_ID),
            issued_by=self.name,
        )

    # --- HTTP ---------------------------------------------------------------------------------

    @cached_property
    def _session(self) -> requests.Session:
        session = _Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=32, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    @sensitive_variables()
    def _post(self, path: str, body: dict[str, Any], *, retry: bool = False) -> dict[str, Any]:
        """The answer's JSON object. Raises ``_Refused`` for a 400, else a ``WalletError``."""
        try:
            response = self._send(path, body)
        except requests.ConnectionError:
            if not retry:
                raise UpstreamUnavailable("no connection") from None
            try:
                response = self._send(path, body)
            except requests.ConnectionError:
                raise UpstreamUnavailable("no connection, twice") from None
        with response:
            return _judge(response)

    @sensitive_variables()
    def _send(self, path: str, body: dict[str, Any]) -> requests.Response:
        # `from None` throughout: what requests raises may carry the key or the signature.
        try:
            return self._session.post(
                conf.base_url() + path,
                json=body,
                headers={
                    "X-API-Key": conf.api_key(),
                    "Accept": "application/json",
                    # An answer of some hundred bytes; and nothing to unpack that could swell.
                    "Accept-Encoding": "identity",
                },
                timeout=conf.timeout(),
                allow_redirects=False,
                stream=True,
            )
        except requests.Timeout:  # one of them, to connect, is a ConnectionError as well
            raise UpstreamUnavailable("no answer in time") from None
        except requests.ConnectionError:
            raise
        except ValueError as error:  # the key is no header, or BASE_URL no URL
            if isinstance(error.__context__, urllib3.exceptions.InvalidHeader):
                raise UpstreamRejected("the answer's headers are malformed") from None
            raise Misconfigured("API_KEY or BASE_URL cannot be used") from None
        except requests.RequestException:
            raise UpstreamUnavailable("no answer") from None


class _Session(requests.Session):
    """Looks at no redirect: requests reads all of its body even where it does not follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - its signature
        return None


def _judge(response: requests.Response) -> dict[str, Any]:
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UpstreamUnavailable(f"status {status}")
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        data = _json(_read(response))
        if not isinstance(data, dict):
            raise UpstreamRejected("not a JSON object")
        return data
    if status == HTTPStatus.BAD_REQUEST:
        raise _Refused(_reasons(_json(_read(response))))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        if _Refused(_reasons(_json(_read(response)))).says(QUOTA):
            raise UpstreamUnavailable("the plan's quota is used up")
        raise Misconfigured(f"the service refused the API key with status {status}")
    raise UpstreamRejected(f"status {status}")


def _read(response: requests.Response) -> bytes:
    try:
        body: bytes = response.raw.read(MAX_ANSWER + 1)
    except urllib3.exceptions.HTTPError:
        raise UpstreamUnavailable("the answer broke off, or took too long") from None
    if response.raw.length_remaining and len(body) <= MAX_ANSWER:
        raise UpstreamUnavailable("the answer broke off")
    if len(body) > MAX_ANSWER:
        raise UpstreamRejected("the answer is too large")
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _reasons(data: Any) -> list[str]:
    """The ``message`` of an error, which is a string or a list of strings."""
    message = data.get("message") if isinstance(data, dict) else None
    return [
        text
        for text in (message if isinstance(message, list) else [message])
        if isinstance(text, str)
    ]


def _request_error(refused: _Refused) -> WalletError:
    if refused.says(r"^chainId\b"):
        return UnsupportedChain("refused by the service")
    if refused.says(r"^network\b"):
        return UnsupportedNetwork("refused by the service")
    return UpstreamRejected("the service refused to make the text")


def _verify_error(refused: _Refused) -> WalletError:
    if refused.says(r"\bexpired\b"):
        return ChallengeExpired("said by the service")
    if refused.says(r"\bsignature\b"):
        return SignatureInvalid("said by the service")
    return UpstreamRejected("the service refused to judge the signature")


def _check_issued_at(issued_at: str) -> None:
    try:
        moment = datetime.fromisoformat(issued_at)
        skew = abs(moment - datetime.now(UTC))
    except (ValueError, TypeError):  # not a time, or one without its zone
        raise UpstreamRejected("the time of issue is not a time") from None
    if skew > MAX_SKEW:
        raise UpstreamRejected("the time of issue is not now")


def _compare(answer: dict[str, Any], challenge: Challenge) -> None:
    """Raise unless the answer speaks of this challenge, field by field."""
    asked = challenge.asked
    required = {
        "id": challenge.id,
        "domain": asked.domain,
        "uri": asked.uri,
        "version": "1",
        "nonce": challenge.nonce,
    }
    differing = [key for key, value in required.items() if answer.get(key) != value]
    optional: dict[str, Any] = {
        "statement": asked.statement,
        "expirationTime": asked.expiration_time,
        "notBefore": asked.not_before,
        "resources": list(asked.resources) or None,
    }
    if asked.wallet.network != EVM:
        # Aptos' answer once had a chain id in its place; the text names it anyway.
        optional |= {"network": asked.cluster, "publicKey": asked.wallet.public_key}
    differing += [key for key, value in optional.items() if key in answer and answer[key] != value]
    if not _same_address(answer.get("address"), asked.wallet):
        differing.append("address")
    if asked.wallet.network == EVM and _chain_id(answer.get("chainId")) != asked.chain_id:
        differing.append("chainId")
    if differing:
        raise UpstreamRejected(f"the answer is about something else: {', '.join(differing)}")


def _same_address(value: object, wallet: Wallet) -> bool:
    if not isinstance(value, str):
        return False
    if wallet.network == SOLANA:  # where another letter case is another address
        return value == wallet.address
    return value.lower() == wallet.address.lower()


def _chain_id(value: object) -> int | None:
    """The recordings show a number, the schema a string, and the SDK sends hex."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}|0x[0-9a-fA-F]{1,14}", value, re.ASCII):
        return int(value, 0 if value.startswith("0x") else 10)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(answer: dict[str, Any], key: str, pattern: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise UpstreamRejected(f"{key} is missing or malformed")
    return value
