"""What the service refuses, and what the client from PyPI makes of it."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from openapi_auth.exceptions import ApiException, ApiValueError

from allauth_moralis.testing import EvmWallet, SolanaWallet

from .scenarios import WALLETS, Half, address_of, asked, bind_proof, proof, request

BY_ITSELF = "by the client itself, before any request"

#: Bodies of a request for a challenge that the client lets out, and the validator's words for them.
BAD_REQUESTS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "bad address, EVM": (
        "evm",
        {"address": "0x1234"},
        ["address must be an Ethereum address"],
    ),
    "bad address, Solana": (
        "solana",
        {"address": "short"},
        ["address must be longer than or equal to 32 characters"],
    ),
    "bad domain": (
        "evm",
        {"domain": "not a domain"},
        ["domain must be a valid domain name"],
    ),
    "bad domain and address": (
        "evm",
        {"domain": "not a domain", "address": "0x1234"},
        ["domain must be a valid domain name", "address must be an Ethereum address"],
    ),
}
#: Fields that its own schema stops. What the service says to them, the client from npm hears.
STOPPED: dict[str, tuple[dict[str, Any], str]] = {
    "time-out of 14 seconds": ({"timeout": 14}, "must be a value greater than or equal to `15`"),
    "time-out of 121 seconds": ({"timeout": 121}, "must be a value less than or equal to `120`"),
    "unsupported chain": ({"chainId": "42161"}, "properties.chainId"),
}


def refused(
    ask: Callable[[], Any], status: int, message: str | list[str], *, by_gateway: bool = False
) -> None:
    """The client's own error has the status, and the service's body to the letter."""
    expected: dict[str, Any] = {"message": message}
    if not by_gateway:
        expected = {"statusCode": status, "name": "BadRequestException", **expected}
    try:
        answer = ask()
    except ApiException as error:
        body = json.loads(error.body or b"null")
        assert (error.status, body) == (status, expected), f"{error.status} {body}"
        assert list(body) == list(expected), list(body)
    else:
        raise AssertionError(f"was taken: {answer}")


def stopped(
    half: Half, ask: Callable[[], Any], about: str, kind: type[Exception] = ApiValueError
) -> str:
    """The client refuses by itself, with words about this, and sends nothing."""
    before = half.requests()
    try:
        answer = ask()
    except kind as error:
        assert about in str(error), str(error)
        assert half.requests() == before, "a request was sent"
        return BY_ITSELF
    raise AssertionError(f"was taken: {answer}")


def wrong_key(half: Half) -> None:
    body, client = asked(EvmWallet()), half.make("another-key")
    ask = partial(client.call, "request_challenge_evm", body)
    refused(ask, 401, "Unauthorized", by_gateway=True)


def missing_key(half: Half) -> str | None:
    body, client = asked(EvmWallet()), half.make(None)
    ask = partial(client.call, "request_challenge_evm", body)
    if half.needs_key:
        return stopped(half, ask, "expected string or bytes-like object, got 'NoneType'", TypeError)
    refused(ask, 401, "Api Key Not Present", by_gateway=True)
    return None


def bad_request(half: Half, case: str) -> None:
    network, change, messages = BAD_REQUESTS[case]
    client, body = half.make(), asked(WALLETS[network]()) | change
    refused(partial(client.call, f"request_challenge_{network}", body), 400, messages)


def stopped_request(half: Half, case: str) -> str:
    change, about = STOPPED[case]
    body = asked(EvmWallet()) | change
    return stopped(half, partial(half.make().call, "request_challenge_evm", body), about)


def one_address(half: Half) -> str:
    body = {"addresses": [address_of(EvmWallet())]}
    ask = partial(half.make().call, "request_bind", body)
    return stopped(half, ask, "number of items must be greater than or equal to `2`")


def wrong_signature(half: Half, network: str) -> None:
    client, wallet, another = half.make(), WALLETS[network](), WALLETS[network]()
    message = request(client, wallet, asked(wallet))["message"]
    body = proof(another, message)
    refused(partial(client.call, f"verify_challenge_{network}", body), 400, "Invalid Signature")


def wrong_signature_of_bind(half: Half) -> None:
    client, wallets = half.make(), [EvmWallet(), SolanaWallet()]
    asked_for = {"addresses": [address_of(wallet) for wallet in wallets]}
    messages = client.call("request_bind", asked_for)["messages"]
    body = bind_proof([wallets[0], SolanaWallet()], messages)
    refused(partial(client.call, "verify_request_bind", body), 400, "Invalid Signature")


def nothing_given(half: Half) -> None:
    client = half.make()
    messages = ["message must be present", "signature must be present"]
    body = {"message": "", "signature": ""}
    refused(partial(client.call, "verify_challenge_evm", body), 400, messages)
