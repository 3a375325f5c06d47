"""The input of browsers and applications, parsed once into typed, bounded and frozen values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from unicodedata import category

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm
from allauth.utils import get_form_class
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from . import conf
from .exceptions import InvalidRequest, UnsupportedChain, UnsupportedNetwork
from .siwx.wallets import APTOS, EVM, Proof, Wallet

MAX_BODY = 16 * 1024  # bytes
MAX_PROOF_BODY = 20 * 1024  # bytes of a body that carries a signature
MAX_FIELD = 4096  # characters
#: A contract wallet's signature can be long: those of many owners, or the code of the wallet.
MAX_SIGNATURE = 16 * 1024  # characters
MAX_CHAIN_ID = 2**53 - 1  # the most that JSON carries without loss
DEFAULT_CHAIN_ID = 1
MAX_CHAIN_TEXT = 80  # characters; CAIP-2 has 41 at most, and 32 bytes of hex are 66
MAX_CHAIN_BITS = 256  # EIP-155's own limit
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MAX_LABEL = 40  # characters
#: Letters and symbols that look blank: Hangul's fillers, Braille's blank, a musical one.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
MAX_MARKS = 4  # combining marks on one letter; no written language has more
PROCESSES = ("login", "connect", "reauthenticate")
#: The process of a challenge whose proof signs in, links or confirms on another device.
DEVICE = "device"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a wallet is asked for, and where that leads.

    ``state`` is the id of a state that allauth has stashed, and replaces ``process`` and ``next``.
    """

    process: str
    next: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswer:
    """What a phone says of the other device: the id in its code, and the number that it shows."""

    id: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRequest:
    """What a browser or an application asks for: a challenge for this wallet and purpose."""

    wallet: Wallet
    chain_id: int | None
    purpose: Purpose
    #: Where the process is ``DEVICE``.
    device: DeviceAnswer | None = None


def parse_challenge_request(body: bytes) -> ChallengeRequest:
    """Parse the body of ``POST moralis/challenge/``. Raise a ``WalletError`` with status 400."""
    data = parse_json(body)
    network = _field(data, "network", str, default=EVM)
    address = _field(data, "address", str)
    chain_id = _chain_id(data.get("chain_id", DEFAULT_CHAIN_ID)) if network == EVM else None
    device = _device_answer(data)
    purpose = Purpose(process=DEVICE) if device else _purpose(data)
    if network not in conf.current().networks:
        raise UnsupportedNetwork
    public_key = _field(data, "public_key", str) if network == APTOS else None
    wallet = Wallet.parse(network, address, public_key, chain_id)
    if chain_id is not None and not conf.current().allows_chain(chain_id):
        raise UnsupportedChain
    return ChallengeRequest(
        wallet=wallet,
        chain_id=chain_id,
        purpose=purpose,
        device=device,
    )


def _purpose(data: dict[str, Any]) -> Purpose:
    process = _field(data, "process", str, default="login")
    next_url, state = (_optional_text(data, name) for name in ("next", "state"))
    if process not in PROCESSES:
        raise InvalidRequest("process")
    return Purpose(process=process, next=safe_next(next_url), state=state or None)


def _device_answer(data: dict[str, Any]) -> DeviceAnswer | None:
    if data.get("process") != DEVICE or not conf.current().cross_device:
        return None
    device_id, number = _field(data, "device", str), _field(data, "number", str)
    # Keyboards of some languages write other digits.
    digits = number if not number.isdecimal() else "".join(str(int(each)) for each in number)
    return DeviceAnswer(id=device_id, number=digits)


def parse_device_request(body: bytes) -> Purpose:
    """Parse the body of ``POST moralis/device/``. Raise ``InvalidRequest``."""
    return _purpose(parse_json(body))


def parse_device_code(body: bytes) -> str:
    """Parse the body of ``POST moralis/device/poll/``. Raise ``InvalidRequest``."""
    return device_code_of(parse_json(body))


def device_code_of(data: Mapping[str, Any]) -> str:
    """Return the device code of a form or a JSON object. Raise ``InvalidRequest``."""
    code = _field(data, "device_code", str)
    if not 0 < len(code) <= MAX_FIELD:
        raise InvalidRequest("device_code")
    return code


def handle_of(data: Mapping[str, str]) -> str:
    """Return the handle of the challenge that is answered, or the empty string."""
    return data.get("challenge", "").strip()


def parse_proof(data: Mapping[str, str]) -> Proof:
    """Parse the fields of ``POST moralis/verify/``. Raise ``InvalidRequest``."""
    handle, signature = handle_of(data), data.get("signature", "").strip()
    full_message = data.get("full_message", "")  # blanks around it are part of what was signed
    if not handle or not signature:
        raise InvalidRequest("a field is missing")
    if max(len(handle), len(full_message)) > MAX_FIELD or len(signature) > MAX_SIGNATURE:
        raise InvalidRequest("a field is too long")
    # A form's newlines travel as CRLF; a wallet signs them as LF.
    return Proof(signature=signature, full_message=full_message.replace("\r\n", "\n") or None)


def parse_label(data: Mapping[str, str]) -> tuple[int, str]:
    """Parse the fields of ``POST moralis/label/``: the primary key of a row, and its new name.

    The name may be empty. Raise ``InvalidRequest``.
    """
    account, label = data.get("account", ""), data.get("label")
    if not re.fullmatch(r"[0-9]{1,18}", account, re.ASCII) or label is None:
        raise InvalidRequest("a field is missing")
    label = _readable(label)
    if len(label) > MAX_LABEL:
        raise InvalidRequest("the label is too long")
    return int(account), label


def _readable(text: str) -> str:
    """Remove characters that are invisible, that reorder the text around them, or that pile up."""
    kept, marks = [], MAX_MARKS  # a mark must not attach to whatever precedes the text
    for each in " ".join(text.split()):
        marks = marks + 1 if category(each).startswith("M") else 0
        if each.isprintable() and each not in BLANK and marks <= MAX_MARKS:
            kept.append(each)
    return " ".join("".join(kept).split())


def address_form(request: HttpRequest, user: AbstractBaseUser) -> AddEmailForm:
    """Return allauth's form for an e-mail address, with its rules and its texts."""
    form_class: type[AddEmailForm] = get_form_class(
        account_settings.FORMS, "add_email", AddEmailForm
    )
    return form_class(user=user, data=request.POST if request.method == "POST" else None)


def parse_proof_fields(posted: object) -> dict[str, str]:
    """Return the fields of a JSON object, in a string or bytes, that are strings themselves."""
    if isinstance(posted, str):
        posted = posted.encode(errors="replace")
    data = parse_json(posted, max_body=MAX_PROOF_BODY) if isinstance(posted, bytes) else {}
    return {name: value for name, value in data.items() if isinstance(value, str)}


def safe_next(url: str) -> str | None:
    """Return ``url`` if it leads to this site by allauth's rules, and ``None`` otherwise."""
    if len(url) > MAX_FIELD or CONTROL.search(url):
        return None
    if not url.startswith("/") and "://" not in url:  # relative to a page without GET
        return None
    try:
        url.encode()  # JSON can carry half a surrogate pair, but a redirect cannot
        safe: bool = get_adapter().is_safe_url(url)
    except ValueError:  # not a URL at all, such as "http://[::1"
        return None
    return url if safe else None


def parse_json(body: bytes, *, max_body: int = MAX_BODY) -> dict[str, Any]:
    """Return a JSON object of at most ``max_body`` bytes. Raise ``InvalidRequest``."""
    if len(body) > max_body:
        raise InvalidRequest("body too large")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("not JSON") from None
    if not isinstance(data, dict):
        raise InvalidRequest("not an object")
    return data


def _field(data: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    """Return a field of this type. Blanks around a string are removed."""
    value = data.get(name, default)
    if isinstance(value, str):
        value = value.strip()
    if not isinstance(value, kind):
        raise InvalidRequest(name)
    return value


def _optional_text(data: dict[str, Any], name: str) -> str:
    return "" if data.get(name) is None else _field(data, name, str)


def _chain_id(value: object) -> int:
    """Parse an EIP-155 chain id: an integer, a decimal string, ``0x…`` as wallets give, or CAIP-2.

    Only ``CHAINS`` depends on it. Wallets that do not know their chain give something else that is
    short: without ``CHAINS`` it counts as chain 1, and with it as a chain that is not accepted. No
    wallet gives anything long, a list or an object, so these are refused.
    """
    if isinstance(value, str) and len(value) <= MAX_CHAIN_TEXT:
        chain_id = _read_chain_id(value.strip())
    elif isinstance(value, int) and value.bit_length() <= MAX_CHAIN_BITS:
        chain_id = None if isinstance(value, bool) else value
    elif value is None or isinstance(value, float):
        chain_id = None
    else:
        raise InvalidRequest("chain_id")
    if chain_id is not None and 1 <= chain_id <= MAX_CHAIN_ID:
        return chain_id
    if conf.current().chains is not None:
        raise UnsupportedChain("not a chain id")
    return DEFAULT_CHAIN_ID


def _read_chain_id(text: str) -> int | None:
    if found := re.fullmatch(r"(?:eip155:)?([0-9]+)", text, re.ASCII):
        return int(found[1])
    if found := re.fullmatch(r"0[xX]([0-9a-fA-F]+)", text, re.ASCII):
        return int(found[1], 16)
    return None
