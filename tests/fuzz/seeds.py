"""What a fuzzer starts from, by target: inputs that are taken, of every kind that there is."""

import json
from typing import Any
from urllib.parse import urlencode

from allauth_moralis.ethereum import abi
from allauth_moralis.ethereum.contracts import YES
from allauth_moralis.siwx.encodings import base58_encode
from allauth_moralis.siwx.offchain import envelopes
from allauth_moralis.siwx.text import render
from allauth_moralis.siwx.wallets import MessageFields
from allauth_moralis.testing import AptosWallet, SolanaWallet
from allauth_moralis.testing.contract_wallets import wrap_signature

from .answers import FACTORY, PROFILE
from .inputs import HOST, NONCE, SEPARATOR, WALLETS, challenge_of

EVM, SOLANA, APTOS = WALLETS.values()
PROOFS = {
    network: wallet.prove(challenge_of(network).message) for network, wallet in WALLETS.items()
}


def joined(*fields: str | bytes) -> bytes:
    return SEPARATOR.join(each.encode() if isinstance(each, str) else each for each in fields)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _challenge_requests() -> list[bytes]:
    """One of each wallet, with everything that may go along."""
    more: list[dict[str, Any]] = [
        {"process": "login", "next": "/there/?a=b#c", "chain_id": "eip155:1"},
        {"process": "connect", "next": "https://evil.example/", "chain_id": "0x2105"},
        {"process": "device", "device": "id", "number": "\u0664\u0667", "chain_id": 30},
        {"process": "reauthenticate", "state": "x", "next": None, "chain_id": 1.5},
    ]
    return [as_json({**wallet.described, **each}) for wallet in WALLETS.values() for each in more]


def _forms() -> list[bytes]:
    values = {"device_code": "code", "account": "1", "label": "Ledger \u200d\u0301"}
    every = {"challenge": "handle", **PROOFS["aptos"], **values, "process": "connect"}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in every.items()
    )
    return [
        joined("application/x-www-form-urlencoded", urlencode(every)),
        joined("multipart/form-data; boundary=x", f"{parts}--x--\r\n"),
        joined("multipart/form-data; boundary=x; charset=utf-7", f"{parts}--x--\r\n"),
        joined("application/x-www-form-urlencoded; charset=latin-1", "challenge=%ff&signature=a"),
        joined("application/json", "{}"),
    ]


def _solana_signatures() -> list[bytes]:
    assert isinstance(SOLANA, SolanaWallet)
    text, key = challenge_of("solana").message.encode(), bytes(SOLANA.key.verify_key)
    signed = [SOLANA.key.sign(each + text).signature for each in (b"", *envelopes(text, key))]
    return [signed[0].hex().encode(), *(base58_encode(each).encode() for each in signed)]


def _aptos_signatures() -> list[bytes]:
    assert isinstance(APTOS, AptosWallet)
    text = challenge_of("aptos").message
    lines = f"address: {APTOS.address}\napplication: http://{HOST}\nchainId: 1\n"
    wrapped = [APTOS.prove(text), APTOS.prove(text, lines=lines, nonce="7")]
    return [
        joined(APTOS.sign(text), ""),
        joined("0x0040" + APTOS.sign(text)[2:], ""),
        *(joined(each["signature"], each["full_message"]) for each in wrapped),
    ]


def _responses() -> list[bytes]:
    ok, body = b"HTTP/1.1 200 OK\r\n", b'{"id": "x"}'
    return [
        ok + b"Content-Length: 11\r\nX-Request-Id: 7\r\n\r\n" + body,
        ok + b"Transfer-Encoding: chunked\r\n\r\nb\r\n" + body + b"\r\n0\r\n\r\n",
        ok + b"Content-Encoding: gzip\r\nSet-Cookie: a=b\r\n\r\n" + body,
        b"HTTP/1.1 307 Elsewhere\r\nLocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 None\r\n\r\n",
    ]


def _services() -> list[bytes]:
    """What the Auth API answers for each wallet, and how it refuses."""
    answers = []
    for network in WALLETS:
        asked = challenge_of(network).fields
        text = render(asked, nonce=NONCE, issued_at="{now}")
        issued = {"id": NONCE, "message": text, "profileId": PROFILE}
        answers.append(joined(as_json(issued), _verified(asked, network)))
    reasons = ["chainId must be", "network must be", "domain must be a valid", "expired"]
    refusals = [b"400 " + as_json({"message": [each]}) for each in reasons]
    return [*answers, *refusals, joined(as_json(issued), b"400 " + as_json({"message": "expired"}))]


def _verified(asked: MessageFields, network: str) -> bytes:
    chain = {"chainId": "0x1"} if network == "evm" else {"network": "mainnet"}
    said = {"id": NONCE, "nonce": NONCE, "profileId": PROFILE, "address": asked.wallet.address}
    text = {"domain": HOST, "uri": asked.uri, "version": "1", "statement": asked.statement}
    return as_json({**said, **text, **chain})


def _profiles() -> list[bytes]:
    nonce = f"Nonce: {NONCE}"
    bind = "Please sign this message to bind:\nProfile Ids:\n- {}\n\nwith\n\nAddress: {}\n{}"
    texts = [bind.format(PROFILE, each.address, nonce) for each in (EVM, APTOS)]
    unbind = "Please sign this message to unbind:\nAddress: {}\nfrom\nProfile Id:\n- {}\n{}"
    return [
        joined("addresses", as_json([EVM.address])),
        joined("bind", as_json({"messages": texts})),
        joined("bound", as_json({"profileId": PROFILE})),
        joined("unbind", as_json({"message": unbind.format(EVM.address, PROFILE, nonce)})),
        joined("unbound", as_json({"profileId": PROFILE})),
        joined("bound", b"401 " + as_json({"message": "usage has been consumed"})),
    ]


def _said(result: bytes) -> bytes:
    return as_json({"jsonrpc": "2.0", "id": 1, "result": "0x" + result.hex()})


def _failed(code: int, message: str) -> bytes:
    return as_json({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})


def _contracts() -> list[bytes]:
    return [
        joined(_said(b"\x60\x80"), _said(YES)),
        joined(_said(b""), _said(b"\x01")),
        joined(_said(bytes.fromhex("ef0100") + bytes(20)), b""),
        joined(_said(b"\x60\x80"), _failed(3, "execution reverted")),
        joined(_said(b"\x60\x80"), _failed(-32000, "out of gas")),
        joined(_said(b""), _failed(-32601, "no such method")),
    ]


def _names() -> list[bytes]:
    names = ["ada.eth", "d\u00e9j\u00e0.eth", "0xd8da6b.eth", "a" * 70 + ".eth"]
    encoded = [abi.encode("string address address", each.encode(), b"", b"") for each in names]
    return [joined(_said(each)) for each in encoded]


def _wrapped() -> bytes:
    return wrap_signature(b"signature", FACTORY, b"call")


SEEDS: dict[str, list[bytes]] = {
    "address": [
        *(joined(each.address, each.described.get("public_key", "")) for each in WALLETS.values()),
        joined(EVM.address.lower()),
        joined("0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD", "", "30"),
    ],
    "aptos_signature": _aptos_signatures(),
    "challenge_request": _challenge_requests(),
    "contract": _contracts(),
    "contract_answer": [
        abi.encode("string address address", b"ada.eth", b"", b""),
        abi.encode("bytes32 bytes", bytes(32), b"signature"),
        _wrapped(),
    ],
    "ens_name": _names(),
    "evm_signature": [
        PROOFS["evm"]["signature"].encode(),
        PROOFS["evm"]["signature"][2:].upper().encode(),
        b"0x",
        b"0x" + b"80" * 16,
        b"0x" + _wrapped().hex().encode(),
    ],
    "form": _forms(),
    "host": [joined("testserver", "Mozilla/5.0 (X11; Linux) Firefox/140.0"), joined("[::1]:8000")],
    "message": [
        *(challenge_of(network).message.encode() for network in WALLETS),
        PROOFS["aptos"]["full_message"].encode(),
    ],
    "next_url": [b"/there/?a=b", b"http://testserver/there/", b"//evil.example", b"http://[::1"],
    "profile": _profiles(),
    "response": _responses(),
    "service": _services(),
    "solana_signature": _solana_signatures(),
    "token": [as_json({"challenge": "handle", **proof}) for proof in PROOFS.values()],
    "uid": [*(joined(wallet.uid, network) for network, wallet in WALLETS.items()),
            joined(f"eip155:8453:{EVM.address}")],
    "wrapped_signature": [_wrapped()],
}  # fmt: skip
