"""What reads the answers of services and nodes, as functions that a fuzzer can call with any."""

from contextlib import closing, suppress
from datetime import UTC, datetime

from allauth_moralis.backends import get_backend
from allauth_moralis.backends.moralis import profile_api
from allauth_moralis.ethereum import contracts, ens, rpc
from allauth_moralis.exceptions import (
    ChallengeExpired,
    ContractWalletUnsupported,
    Misconfigured,
    SignatureInvalid,
    UnsupportedNetwork,
    UpstreamError,
    WalletError,
)
from allauth_moralis.siwx.text import timestamp
from allauth_moralis.siwx.wallets import APTOS, EVM, NETWORKS, Proof
from allauth_moralis.testing.contract_wallets import wrap_signature
from allauth_moralis.upstream.client import Client

from .inputs import WALLETS, answering, challenge_of, fields, target, wire

FAILED = (Misconfigured, UpstreamError)
CHAIN = b'{"jsonrpc":"2.0","id":1,"result":"0x1"}'
PROFILE = "0x" + "5b" * 32
FACTORY = "0x" + "4e" * 20


def refused(*kinds: type[WalletError]) -> suppress:
    return suppress(*FAILED, *kinds)


@target
def response(data: bytes) -> bool:
    """A response before anybody knows whether it is HTTP."""
    client = Client(secret_url=True)
    with closing(client._session), wire(data), refused():
        url = "http://service.test/"
        with client.request("GET", url, timeout=(3, 10), retry=True) as answer:
            answer.json(4096)
            return True
    return False


@target
def service(data: bytes) -> bool:
    """What the Auth API answers when it is asked for a text, and when it is asked to verify."""
    network = next((each for each in NETWORKS if each.encode() in data), EVM)
    asked = challenge_of(network).fields
    # A service that is well names this moment.
    data = data.replace(b"{now}", timestamp(datetime.now(UTC)).encode())
    first, second = fields(data, 2)
    with answering(first, second), refused(ChallengeExpired, SignatureInvalid, UnsupportedNetwork):
        challenge = get_backend().request_challenge(asked)
        assert challenge.message.startswith(f"{asked.domain} wants you to sign in with your ")
        assert challenge.fields == asked
        proof = Proof(**WALLETS[network].prove(challenge.message))
        verified = get_backend().verify(challenge, proof)
        assert verified.wallet == asked.wallet
        return True
    return False


@target
def profile(data: bytes) -> bool:
    """What the Auth API answers about profiles, to the call that the first field names."""
    one, other = challenge_of(EVM).wallet, challenge_of(APTOS).wallet
    which, answer = fields(data, 2)
    calls = {
        b"addresses": lambda: profile_api.addresses(PROFILE),
        b"bind": lambda: profile_api.request_bind(one, other),
        b"bound": lambda: profile_api.verify_bind([("text", "0x00")]),
        b"unbind": lambda: profile_api.request_unbind(one, PROFILE),
    }
    call = calls.get(which, lambda: profile_api.verify_unbind("text", "0x00"))
    with answering(answer), refused(ChallengeExpired, SignatureInvalid):
        call()
        return True
    return False


@target
def contract(data: bytes) -> bool:
    """What a node answers of a contract wallet: its code, the verdict, and its chain."""
    code, verdict, chain = fields(data, 3)
    signature = wrap_signature(b"signature", FACTORY, b"call")
    proof = Proof(signature="0x" + signature.hex())
    with (
        answering(chain or CHAIN, code, verdict),
        refused(ContractWalletUnsupported, SignatureInvalid),
    ):
        return bool(contracts.check(_session(), challenge_of(EVM), proof).signature)
    return False


@target
def ens_name(data: bytes) -> bool:
    """What a node answers of a name."""
    answer, chain = fields(data, 2)
    with answering(chain or CHAIN, answer), refused():
        name = ens.primary_name(_session(), WALLETS["evm"].address)
        assert name == "" or (name.isprintable() and len(name) <= ens.MAX_LENGTH)
        return name != ""
    return False


def _session() -> rpc.Session:
    session = rpc.session(1)
    assert session is not None
    return session
