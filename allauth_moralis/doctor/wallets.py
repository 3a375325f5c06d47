"""A challenge and its verification for each network, by the backend that the site uses."""

import time
from datetime import UTC, datetime, timedelta

from .. import conf
from ..backends import Backend, get_backend, verifying_backend
from ..backends.local import LocalBackend
from ..exceptions import UpstreamUnavailable, WalletError
from ..siwx.text import timestamp
from ..siwx.wallets import APTOS, EVM, SOLANA, Challenge, MessageFields, Proof, Wallet
from ..testing import AptosWallet, EvmWallet, SigningWallet, SolanaWallet
from .findings import Result, described, failed, passed, warning
from .hosts import Address

KINDS: dict[str, type[SigningWallet]] = {
    EVM: EvmWallet,
    SOLANA: SolanaWallet,
    APTOS: AptosWallet,
}


def try_network(network: str, address: Address) -> Result:
    """Sign in with a new wallet of a network, as far as the backend is concerned."""
    wallet = KINDS[network]()
    backend = get_backend()
    try:
        return _try(backend, wallet, address)
    except UpstreamUnavailable as error:
        fallback = verifying_backend(LocalBackend.name) if conf.current().falls_back else None
        if fallback is None:
            raise
        _try(fallback, wallet, address)
        return warning(
            f"{described(error)}; the embedded verifier works, and takes over after some failures "
            "(FALLBACK)",
            "People can sign in. See to the service all the same.",
        )


def _try(backend: Backend, wallet: SigningWallet, address: Address) -> Result:
    fields = fields_for(wallet, address)
    started = time.monotonic()
    challenge = backend.request_challenge(fields)
    asked = time.monotonic()
    stranger = type(wallet)().prove(challenge.message)
    if _accepts(backend, challenge, Proof(**stranger)):
        return failed(
            f"{backend.name} accepts the signature of another wallet: anybody can sign in as "
            "anybody",
            "Take the site off the net, and correct BACKEND.",
        )
    verifying = time.monotonic()
    verified = backend.verify(challenge, Proof(**wallet.prove(challenge.message)))
    done = time.monotonic()
    seen = (
        f"text by {challenge.issued_by} in {_ms(asked - started)}, signature verified by "
        f"{verified.verified_by} in {_ms(done - verifying)}"
    )
    if challenge.fields.domain != fields.domain:
        return warning(
            f"{seen}; the service takes no port, so the text names {challenge.fields.domain}",
            "Each challenge costs two calls. Set DOMAIN to the host without its port.",
        )
    return passed(seen)


def fields_for(wallet: SigningWallet, address: Address) -> MessageFields:
    """Return what the text for a throw-away wallet shall say, as a page of the site asks for it."""
    settings = conf.current()
    domain = settings.domain or address.host
    expires = datetime.now(UTC) + timedelta(seconds=settings.challenge_ttl)
    chains = settings.chains or [1]
    return MessageFields(
        wallet=Wallet.parse(wallet.network, wallet.address, wallet.described.get("public_key")),
        domain=domain,
        uri=f"{address.scheme}://{domain}/",
        chain_id=next(iter(chains)) if wallet.network == EVM else None,
        statement=settings.statement_for("login", domain),
        expiration_time=timestamp(expires),
    )


def _accepts(backend: Backend, challenge: Challenge, proof: Proof) -> bool:
    try:
        backend.verify(challenge, proof)
    except WalletError:  # a node may have been asked as well, and other probes say how that is
        return False
    return True


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
