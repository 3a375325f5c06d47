"""The calls of the Python half, each with what the service's contract says of its answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth_moralis.testing import AptosWallet, EvmWallet, SigningWallet, SolanaWallet

from .python_client import Client

KEY = "key-of-the-conformance-run"
WALLETS: dict[str, Callable[[], SigningWallet]] = {
    "evm": EvmWallet,
    "solana": SolanaWallet,
    "aptos": AptosWallet,
}
TITLES = {"evm": "Ethereum", "solana": "Solana", "aptos": "Aptos"}
CHAIN_LINES = {"evm": "Chain ID: 137", "solana": "Network: mainnet", "aptos": "Chain ID: 1"}
CHAINS = {
    "evm": {"chainId": "137"},
    "solana": {"network": "mainnet"},
    "aptos": {"network": "mainnet"},
}
NONCE = r"[a-zA-Z0-9]{17}"
PROFILE = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True)
class Half:
    """One client, and how the emulator that it speaks to behaves."""

    make: Callable[..., Client]
    chain_id: int | str
    #: How many requests were made until now.
    requests: Callable[[], int]
    #: Whether the client can send nothing without a key.
    needs_key: bool = False


def asked(wallet: SigningWallet, *, every_field: bool = False) -> dict[str, Any]:
    """The body of a request for a challenge."""
    body: dict[str, Any] = {
        "domain": "defi.finance",
        "uri": "https://defi.finance/",
        "timeout": 120,
        "address": wallet.address,
        **CHAINS[wallet.network],
    }
    if isinstance(wallet, AptosWallet):
        body["publicKey"] = wallet.public_key
    if every_field:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        body |= {
            "statement": "Please confirm",
            "expirationTime": tomorrow.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "notBefore": "2020-01-01T00:00:00.000Z",
            "resources": ["https://defi.finance/terms", "https://defi.finance/privacy"],
        }
    return body


def proof(wallet: SigningWallet, message: str) -> dict[str, str]:
    """The body of a verification. What an Aptos wallet signs, and posts, is its own wrapper."""
    proven = wallet.prove(message)
    return {"message": proven.get("full_message", message), "signature": proven["signature"]}


def bind_proof(wallets: list[SigningWallet], messages: list[str]) -> dict[str, Any]:
    signed = zip(wallets, messages, strict=True)
    return {"verifications": [proof(wallet, message) for wallet, message in signed]}


def request(client: Client, wallet: SigningWallet, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.call(f"request_challenge_{wallet.network}", body)
    assert list(answer) == ["id", "message", "profileId"], list(answer)
    assert re.fullmatch("[a-zA-Z0-9]{17}", answer["id"]), answer["id"]
    assert PROFILE.fullmatch(answer["profileId"]), answer["profileId"]
    assert text_of(wallet, body).fullmatch(answer["message"]), answer["message"]
    return answer


def text_of(wallet: SigningWallet, body: dict[str, Any]) -> re.Pattern[str]:
    before = [
        f"{body['domain']} wants you to sign in with your {TITLES[wallet.network]} account:",
        wallet.address,
        "",
        *([body["statement"]] if "statement" in body else []),
        "",
        f"URI: {body['uri']}",
        "Version: 1",
        CHAIN_LINES[wallet.network],
    ]
    after = []
    if "expirationTime" in body:
        after = [
            f"Expiration Time: {body['expirationTime']}",
            f"Not Before: {body['notBefore']}",
            "Resources:",
            *(f"- {resource}" for resource in body["resources"]),
        ]
    lines = [*map(re.escape, before), f"Nonce: (?P<nonce>{NONCE})"]
    lines.append(r"Issued At: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    return re.compile("\n".join([*lines, *map(re.escape, after)]))


def requested(half: Half, network: str, *, every_field: bool) -> None:
    wallet = WALLETS[network]()
    request(half.make(), wallet, asked(wallet, every_field=every_field))


def verified(half: Half, network: str, *, every_field: bool) -> None:
    client, wallet = half.make(), WALLETS[network]()
    body = asked(wallet, every_field=every_field)
    challenge = request(client, wallet, body)
    answer = client.call(f"verify_challenge_{network}", proof(wallet, challenge["message"]))
    match = text_of(wallet, body).fullmatch(challenge["message"])
    fields = {
        **body,
        **({"chainId": half.chain_id} if network == "evm" else {}),
        "id": challenge["id"],
        "version": "1",
        "nonce": match and match["nonce"],
        "profileId": challenge["profileId"],
    }
    order = (
        "id domain chainId network address publicKey statement uri expirationTime notBefore"
        " resources version nonce profileId"
    )
    # What was not asked for is left out, not null; and the order is that of the recordings.
    expected = [(name, fields[name]) for name in order.split() if name in fields]
    assert list(answer.items()) == expected, answer


def bound(half: Half, first: str, second: str) -> None:
    """Bind, look, unbind, look again."""
    client, wallets = half.make(), [WALLETS[first](), WALLETS[second]()]
    profiles = [known(client, wallet) for wallet in wallets]
    asked_for = {"addresses": [address_of(wallet) for wallet in wallets]}
    answer = client.call("request_bind", asked_for)
    assert list(answer) == ["messages"], answer
    for wallet, message in zip(wallets, answer["messages"], strict=True):
        assert re.fullmatch(
            rf"Please sign this message to bind:\nProfile Ids:\n(- {PROFILE.pattern}\n)+"
            rf"\nwith\n\nAddress: {wallet.address}\nNonce: {NONCE}",
            message,
        ), message
    answer = client.call("verify_request_bind", bind_proof(wallets, answer["messages"]))
    profile = profile_of(answer)
    assert profile not in profiles, "the profile is not a new one"
    assert addresses_of(client, profile) == {wallet.address for wallet in wallets}

    leaving = wallets[1]
    answer = client.call("remove_bind", {**address_of(leaving), "profileId": profile})
    assert list(answer) == ["message"], answer
    assert re.fullmatch(
        rf"Please sign this message to unbind:\nAddress: {leaving.address}\nfrom\nProfile Id:\n"
        rf"- {profile}\nNonce: {NONCE}",
        answer["message"],
    ), answer["message"]
    alone = profile_of(client.call("verify_remove_bind", proof(leaving, answer["message"])))
    assert alone not in (*profiles, profile), "the profile is not a new one"
    assert addresses_of(client, alone) == {leaving.address}
    assert addresses_of(client, profile) == {wallets[0].address}


def known(client: Client, wallet: SigningWallet) -> str:
    """Sign in, so that the service knows the wallet; its profile."""
    challenge = request(client, wallet, asked(wallet))
    client.call(f"verify_challenge_{wallet.network}", proof(wallet, challenge["message"]))
    profile: str = challenge["profileId"]
    return profile


def address_of(wallet: SigningWallet) -> dict[str, str]:
    key = {"publicKey": wallet.public_key} if isinstance(wallet, AptosWallet) else {}
    return {"blockchainType": wallet.network, "address": wallet.address, **key}


def profile_of(answer: dict[str, str]) -> str:
    assert list(answer) == ["profileId"], answer
    assert PROFILE.fullmatch(answer["profileId"]), answer
    return answer["profileId"]


def addresses_of(client: Client, profile: str) -> set[str]:
    return set(client.call("get_addresses", {"profileId": profile}))


def addresses(half: Half) -> None:
    client, wallet = half.make(), EvmWallet()
    answer = client.call("get_addresses", {"profileId": known(client, wallet)})
    assert answer == [wallet.address], answer
