"""The calls of the Python half, each with what the service's contract says of its answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.accounts import Account, AptosAccount, EvmAccount, SolanaAccount

from .python_client import Client

KEY = "key-of-the-conformance-run"
ACCOUNTS: dict[str, Callable[[], Account]] = {
    "evm": EvmAccount,
    "solana": SolanaAccount,
    "aptos": AptosAccount,
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


def asked(account: Account, *, every_field: bool = False) -> dict[str, Any]:
    """The body of a request for a challenge."""
    body: dict[str, Any] = {
        "domain": "defi.finance",
        "uri": "https://defi.finance/",
        "timeout": 120,
        "address": account.address,
        **CHAINS[account.network],
    }
    if isinstance(account, AptosAccount):
        body["publicKey"] = account.public_key
    if every_field:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        body |= {
            "statement": "Please confirm",
            "expirationTime": tomorrow.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "notBefore": "2020-01-01T00:00:00.000Z",
            "resources": ["https://defi.finance/terms", "https://defi.finance/privacy"],
        }
    return body


def proof(account: Account, message: str) -> dict[str, str]:
    """The body of a verification. What an Aptos wallet signs, and posts, is its own wrapper."""
    proven = account.prove(message)
    return {"message": proven.get("full_message", message), "signature": proven["signature"]}


def bind_proof(accounts: list[Account], messages: list[str]) -> dict[str, Any]:
    signed = zip(accounts, messages, strict=True)
    return {"verifications": [proof(account, message) for account, message in signed]}


def request(client: Client, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.call(f"request_challenge_{account.network}", body)
    assert list(answer) == ["id", "message", "profileId"], list(answer)
    assert re.fullmatch("[a-zA-Z0-9]{17}", answer["id"]), answer["id"]
    assert PROFILE.fullmatch(answer["profileId"]), answer["profileId"]
    assert text_of(account, body).fullmatch(answer["message"]), answer["message"]
    return answer


def text_of(account: Account, body: dict[str, Any]) -> re.Pattern[str]:
    before = [
        f"{body['domain']} wants you to sign in with your {TITLES[account.network]} account:",
        account.address,
        "",
        *([body["statement"]] if "statement" in body else []),
        "",
        f"URI: {body['uri']}",
        "Version: 1",
        CHAIN_LINES[account.network],
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
    account = ACCOUNTS[network]()
    request(half.make(), account, asked(account, every_field=every_field))


def verified(half: Half, network: str, *, every_field: bool) -> None:
    client, account = half.make(), ACCOUNTS[network]()
    body = asked(account, every_field=every_field)
    challenge = request(client, account, body)
    answer = client.call(f"verify_challenge_{network}", proof(account, challenge["message"]))
    match = text_of(account, body).fullmatch(challenge["message"])
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
    client, accounts = half.make(), [ACCOUNTS[first](), ACCOUNTS[second]()]
    profiles = [known(client, account) for account in accounts]
    asked_for = {"addresses": [address_of(account) for account in accounts]}
    answer = client.call("request_bind", asked_for)
    assert list(answer) == ["messages"], answer
    for account, message in zip(accounts, answer["messages"], strict=True):
        assert re.fullmatch(
            rf"Please sign this message to bind:\nProfile Ids:\n(- {PROFILE.pattern}\n)+"
            rf"\nwith\n\nAddress: {account.address}\nNonce: {NONCE}",
            message,
        ), message
    answer = client.call("verify_request_bind", bind_proof(accounts, answer["messages"]))
    profile = profile_of(answer)
    assert profile not in profiles, "the profile is not a new one"
    assert addresses_of(client, profile) == {account.address for account in accounts}

    leaving = accounts[1]
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
    assert addresses_of(client, profile) == {accounts[0].address}


def known(client: Client, account: Account) -> str:
    """Sign in, so that the service knows the wallet; its profile."""
    challenge = request(client, account, asked(account))
    client.call(f"verify_challenge_{account.network}", proof(account, challenge["message"]))
    profile: str = challenge["profileId"]
    return profile


def address_of(account: Account) -> dict[str, str]:
    key = {"publicKey": account.public_key} if isinstance(account, AptosAccount) else {}
    return {"blockchainType": account.network, "address": account.address, **key}


def profile_of(answer: dict[str, str]) -> str:
    assert list(answer) == ["profileId"], answer
    assert PROFILE.fullmatch(answer["profileId"]), answer
    return answer["profileId"]


def addresses_of(client: Client, profile: str) -> set[str]:
    return set(client.call("get_addresses", {"profileId": profile}))


def addresses(half: Half) -> None:
    client, account = half.make(), EvmAccount()
    answer = client.call("get_addresses", {"profileId": known(client, account)})
    assert answer == [account.address], answer
