"""What reads the bytes of visitors, as functions that a fuzzer can call with any."""

import re
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

from allauth.core import context
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.cache import SessionStore
from django.core.cache import cache
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from allauth_moralis import forms
from allauth_moralis.devices.browsers import BROWSERS, SYSTEMS, describe
from allauth_moralis.ethereum import abi, ens
from allauth_moralis.ethereum.contracts import Wrapper
from allauth_moralis.exceptions import (
    ChallengeMissing,
    ContractWalletUnsupported,
    InvalidAddress,
    InvalidRequest,
    SignatureInvalid,
    UnsupportedChain,
    UnsupportedNetwork,
    UpstreamError,
    WalletError,
)
from allauth_moralis.importing.verdicts import _canonical
from allauth_moralis.internal import flows, stash, tokens, wallet_links
from allauth_moralis.internal.contexts import PageRequest
from allauth_moralis.internal.responses import refusals
from allauth_moralis.internal.stash import Pending
from allauth_moralis.provider import MoralisAccount
from allauth_moralis.siwx import proofs
from allauth_moralis.siwx.signatures import eip191_hash, keccak256
from allauth_moralis.siwx.text import AptosWrapper, match, render
from allauth_moralis.siwx.wallets import APTOS, EVM, NETWORKS, SOLANA, Proof, Wallet

from .inputs import HOST, SEED, answering, challenge_of, fields, target, text

#: What is refused before anything is asked or verified.
UNREADABLE = (InvalidAddress, InvalidRequest, UnsupportedChain, UnsupportedNetwork)
UNPROVEN = (ContractWalletUnsupported, SignatureInvalid)


# --- Forms and JSON ---------------------------------------------------------------------------


@target
def challenge_request(data: bytes) -> bool:
    """The JSON by which a page asks for a challenge."""
    with context.request_context(RequestFactory().get("/")), suppress(*UNREADABLE):
        asked = forms.parse_challenge_request(data)
        wallet, chain_id, next_url = asked.wallet, asked.chain_id, asked.purpose.next
        assert Wallet.parse(wallet.network, wallet.address, wallet.public_key) == wallet
        assert chain_id is None or 1 <= chain_id <= forms.MAX_CHAIN_ID
        assert next_url is None or leads_here(next_url)
        return True
    return False


@target
def next_url(data: bytes) -> bool:
    """Where a visitor would be led."""
    with context.request_context(RequestFactory().get("/")):
        found = forms.safe_next(text(data))
    assert found is None or leads_here(found)
    return found is not None


def leads_here(url: str) -> bool:
    """Whether a browser, which reads URLs as WHATWG says, stays on the site."""
    url = re.sub(r"[\t\r\n]", "", url).strip("".join(map(chr, range(33)))).replace("\\", "/")
    return urlsplit(urljoin(f"http://{HOST}/here/", url))[:2] == ("http", HOST)


@target
def form(data: bytes) -> bool:
    """A body of any type, read as each of our forms."""
    content_type, body = fields(data, 2)
    # As servers hand a header over, none of which lets a control character through.
    header = re.sub(r"[\x00-\x1f\x7f]", "", content_type.decode("latin-1"))
    try:
        request = RequestFactory().generic("POST", "/", body, header)
    except (LookupError, UnicodeError):  # Django itself fails at some charsets, before any view
        return False
    request.session, request.user = SessionStore(), AnonymousUser()
    response = _read_forms(request)
    assert response.status_code in (200, 400)
    return response.status_code == 200


def _refuse(_request: HttpRequest, error: WalletError) -> HttpResponse:
    assert isinstance(error, InvalidRequest)
    return HttpResponse(status=error.status)


@refusals(_refuse, csrf=False, max_body=forms.MAX_PROOF_BODY)
def _read_forms(request: HttpRequest) -> HttpResponse:
    with context.request_context(request):
        for page in (PageRequest.posted(request.POST), PageRequest.parse(request.POST)):
            page.query.encode("ascii")
    with suppress(InvalidRequest):
        assert len(forms.device_code_of(request.POST)) <= forms.MAX_FIELD
    with suppress(InvalidRequest):
        _, label = forms.parse_label(request.POST)
        assert label.isprintable()
        assert len(label) <= forms.MAX_LABEL
    proof = forms.parse_proof(request.POST)
    assert len(proof.signature) <= forms.MAX_SIGNATURE
    return HttpResponse()


@target
def token(data: bytes) -> bool:
    """The answer to a challenge, as applications send it; the challenge's handle is known."""
    cache.clear()  # where the nonce, which is always the same, was used up
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    network = next((each for each in NETWORKS if each.encode() in data), EVM)
    pending = Pending(
        challenge=challenge_of(network), login_state={"process": "login"}, expires_at=2**33
    )
    request.session[stash.SESSION_KEY] = {"handle": _as_stored(pending)}
    with answering(), suppress(ChallengeMissing, InvalidRequest, UpstreamError, *UNPROVEN):
        verified, _ = tokens.verify_json(request, data, "login")
        return _is_genuine(network, verified.proof)
    return False


def _as_stored(pending: Pending) -> dict:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    handle = stash.put(request, pending)
    return request.session[stash.SESSION_KEY][handle]


@target
def host(data: bytes) -> bool:
    """The headers that say which site and which browser it is."""
    name, user_agent = fields(data, 2)
    request = RequestFactory().get("/", HTTP_HOST=name.decode("latin-1"))
    assert describe(text(user_agent))[0] in {"", *BROWSERS.values()}
    assert describe(text(user_agent))[1] in {"", *SYSTEMS.values()}
    with suppress(DisallowedHost, InvalidRequest):
        domain = flows.domain_of(request)
        assert re.fullmatch(r"[a-z0-9.:\[\]-]{1,260}", domain)
        for link in wallet_links.links_to(f"https://{domain}/"):
            assert link["url"].startswith("https://")
        return True
    return False


# --- Wallets and texts ------------------------------------------------------------------------


@target
def address(data: bytes) -> bool:
    """An address of each network, and a public key."""
    given, key, chain = map(text, fields(data, 3))
    taken = False
    for network in NETWORKS:
        with suppress(InvalidAddress, InvalidRequest):
            wallet = Wallet.parse(network, given, key, 30 if chain else None)
            assert Wallet.parse(network, wallet.address, key) == wallet
            assert Wallet.from_uid(wallet.uid).network == network
            taken = True
    imported = _canonical(given)
    assert imported is None or imported == naive_eip55(imported)
    return taken


def naive_eip55(address: str) -> str:
    """EIP-55 as its text says it, digit by digit."""
    digits = address[2:].lower()
    digest = int.from_bytes(keccak256(digits.encode()))
    bits = [digest >> (255 - 4 * place) & 1 for place in range(40)]
    pairs = zip(digits, bits, strict=True)
    return "0x" + "".join(each.upper() if bit else each for each, bit in pairs)


@target
def uid(data: bytes) -> bool:
    """What stands in a row that somebody edited by hand: pages show it all the same."""
    stored, network = map(text, fields(data, 2))
    account = SimpleNamespace(uid=stored, extra_data={"network": network, "label": network})
    shown = MoralisAccount(account)
    assert shown.to_str()
    assert shown.get_profile_url()
    assert shown.network_name
    return ens.can_have_name(shown.wallet)


@target
def message(data: bytes) -> bool:
    """A text that somebody else made, and what an Aptos wallet puts around ours."""
    given, taken = text(data), False
    for network in NETWORKS:
        asked = challenge_of(network).fields
        if found := match(given, asked):
            nonce, issued_at = found
            assert render(asked, nonce=nonce, issued_at=issued_at) == given
            taken = True
    if wrapper := AptosWrapper.parse(given):
        wrapper.fits(challenge_of(APTOS).fields)
        assert wrapper.text in given
    return taken or wrapper is not None


# --- Signatures -------------------------------------------------------------------------------


@target
def evm_signature(data: bytes) -> bool:
    return _check(EVM, Proof(signature=text(data)))


@target
def solana_signature(data: bytes) -> bool:
    return _check(SOLANA, Proof(signature=text(data)))


@target
def aptos_signature(data: bytes) -> bool:
    signature, wrapper = map(text, fields(data, 2))
    return _check(APTOS, Proof(signature=signature, full_message=wrapper or None))


def _check(network: str, proof: Proof) -> bool:
    with suppress(*UNPROVEN):
        return _is_genuine(network, proofs.check(challenge_of(network), proof))
    return False


def _is_genuine(network: str, proof: Proof) -> bool:
    """Whether another library, over another curve's code, accepts what was accepted."""
    challenge = challenge_of(network)
    signed = challenge.signed_text(proof).encode()
    try:
        if network == EVM:
            raw = bytes.fromhex(proof.signature[2:])
            pair = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64])
            key = ec.derive_private_key(int.from_bytes(SEED), ec.SECP256K1()).public_key()
            digest = eip191_hash(challenge.message)
            key.verify(encode_dss_signature(*pair), digest, ec.ECDSA(Prehashed(SHA256())))
        else:
            signature = next(proofs._solana_signatures(proof.signature), b"")
            if network == APTOS:
                signature = bytes.fromhex(proof.signature[2:])
            edwards = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key()
            edwards.verify(signature, bytes.fromhex(proof.envelope) + signed)
    except InvalidSignature:
        raise AssertionError("a signature was accepted that is none") from None
    return True


@target
def wrapped_signature(data: bytes) -> bool:
    """An ERC-6492 wrapper, in bytes."""
    with suppress(SignatureInvalid):
        if wrapper := Wrapper.unwrap(data):
            assert Wrapper.unwrap(wrapper.wrap()) == wrapper
            return True
    return False


@target
def contract_answer(data: bytes) -> bool:
    """What a contract returned, read as each shape that is asked for."""
    taken = False
    for types in ("address bytes bytes", "string address address", "bytes32 bytes"):
        with suppress(ValueError):
            values = abi.decode(types, data)
            assert abi.decode(types, abi.encode(types, *values)) == values
            taken = True
    return taken
