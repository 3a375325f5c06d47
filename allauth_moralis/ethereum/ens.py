"""The ENS name of an address, as ENS itself has it: the name that its owner chose.

ENS's own contract looks the name up, and checks that the name leads back to the address. What it
asks to fetch elsewhere (CCIP Read) is not fetched, so names that are kept off chain are not found.

Sources: https://docs.ens.domains/ensip/15 (normalization), /ensip/19 (primary names) and /ensip/23
(the Universal Resolver).
"""

import re
from functools import cache

from ..siwx.wallets import EVM, EVM_ADDRESS, Wallet
from ..upstream.circuit import Circuit
from . import abi, rpc

CHAIN_ID = 1
#: The proxy that the ENS DAO owns and upgrades.
UNIVERSAL_RESOLVER = "0xeeeeeeee14d718c2b47d9923deab1335e144eeee"
#: The selector of ``reverse(bytes,uint256)``.
REVERSE = bytes.fromhex("5d78a217")
#: Ethereum, among all chains that an address can be of (SLIP-44).
COIN_TYPE = 60

MAX_LENGTH = 64  # characters
#: Two labels or more of letters, digits and single hyphens: normalized, by all rules.
PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+", re.ASCII)
#: A label that begins as the short form of an address does.
ADDRESS_LIKE = re.compile(r"(?:^|\.)0x[0-9a-f]{4}", re.ASCII)


def can_have_name(wallet: Wallet) -> bool:
    """Return whether a wallet can have a name: the owner of a key, or a contract of this chain.

    At the address of another chain's contract, this chain may have somebody else's.
    """
    of_this_chain = wallet.network == EVM and wallet.chain_id in (None, CHAIN_ID)
    return of_this_chain and EVM_ADDRESS.fullmatch(wallet.address) is not None


def primary_name(session: rpc.Session, address: str) -> str:
    """Return the name of an address, or the empty string if it has none that can be shown.

    Raise an ``UpstreamError`` if the node fails, and ``Misconfigured`` if it is of another chain.
    """
    question = REVERSE + abi.encode("bytes uint256", bytes.fromhex(address[2:]), COIN_TYPE)
    try:
        with _circuit().guard():
            answer = session.call(question, to=UNIVERSAL_RESOLVER)
        name = abi.decode("string address address", answer)[0].decode()
    except (rpc.CallFailed, ValueError):  # no name, one that leads elsewhere, or one kept off chain
        return ""
    return name if is_presentable(name) else ""


def is_presentable(name: str) -> bool:
    """Return whether people can tell a name from all others, and from an address.

    Anybody can register anything, so a name may be markup, a page long, or drawn to look like
    another one. Normalized names have no invisible characters and mix no confusable scripts.
    """
    if len(name) > MAX_LENGTH or "." not in name or ADDRESS_LIKE.search(name):
        return False
    return PLAIN.fullmatch(name) is not None or _is_normalized(name)


def _is_normalized(name: str) -> bool:
    try:
        # Here alone: it takes a quarter of a second and 95 MB, and most names are plain.
        from ens_normalize import is_ens_normalized  # noqa: PLC0415
    except ImportError:  # the extra "ens" is not installed, as a system check says
        return False
    # Its own short way for plain names lets a newline at the end through.
    return is_ens_normalized(name) and not name.endswith("\n")


@cache
def _circuit() -> Circuit:
    """Return a circuit for names alone: what fails here must not keep anybody from signing in."""
    return Circuit()


def reset() -> None:
    """Forget how the latest questions went."""
    _circuit.cache_clear()
