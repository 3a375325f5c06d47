"""Profiles: which addresses the service takes for one owner, and how they are bound and unbound.

What the service does is not known in these points, and is decided here: each text lists the profile
of the *other* wallet; the texts live as long as a challenge may; each can be used once; two texts
bind only together, as they were issued.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..exceptions import WalletError
from ..siwx import proofs
from ..siwx.text import AptosWrapper, new_nonce
from ..siwx.wallets import Challenge, MessageFields, Proof, Wallet

Body = Mapping[str, Any]
MAX_PENDING = 1000
UNBIND = "unbind"
LIFETIME = 120  # seconds, the longest lifetime of a challenge


@dataclass(frozen=True, slots=True)
class Binding:
    """A text that waits for its wallet's signature."""

    key: str
    wallet: Wallet
    text: str
    #: Both texts of one bind have the same; the text of an unbind has ``UNBIND``.
    group: str
    deadline: float  # seconds since the epoch


@dataclass(slots=True)
class Profiles:
    """The profiles of every API key's wallets, and the texts that wait for a signature."""

    clock: Callable[[], float] = time.time
    _profile: dict[tuple[str, Wallet], str] = field(default_factory=dict)
    _pending: dict[str, Binding] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, key: str, wallet: Wallet) -> str:
        """Return the wallet's profile id, stable as in the recordings, even before any proof."""
        seed = f"{key}|{wallet.network}|{wallet.address}"
        with self._lock:
            return self._profile.setdefault((key, wallet), _digest(seed))

    def addresses(self, key: str, profile_id: str) -> list[str]:
        """Return the profile's addresses in the order in which they were first seen, if any."""
        with self._lock:
            return [
                wallet.address
                for (owner, wallet), profile in self._profile.items()
                if (owner, profile) == (key, profile_id)
            ]

    def request_bind(self, key: str, wallets: tuple[Wallet, Wallet]) -> list[str]:
        first, second = wallets
        group = new_nonce()
        return [
            self._wait_for(key, wallet, _bind_text(self.of(key, other), wallet), group)
            for wallet, other in ((first, second), (second, first))
        ]

    def request_unbind(self, key: str, wallet: Wallet, profile_id: str) -> str:
        return self._wait_for(key, wallet, _unbind_text(wallet, profile_id), UNBIND)

    def take_bind(self, key: str, bodies: list[Body]) -> list[Wallet] | None:
        """Return the wallets that signed the two texts of one bind, and use the texts up."""
        bindings = [self._take(key, body) for body in bodies]
        groups = {binding.group for binding in bindings if binding is not None}
        if None in bindings or len(groups) > 1 or UNBIND in groups:
            return None
        return [binding.wallet for binding in bindings if binding is not None]

    def take_unbind(self, key: str, body: Body) -> Wallet | None:
        """Return the wallet that signed a text to leave its profile, and use the text up."""
        binding = self._take(key, body)
        return binding.wallet if binding is not None and binding.group == UNBIND else None

    def _take(self, key: str, body: Body) -> Binding | None:
        message, signature = body["message"], body["signature"]
        wrapper = AptosWrapper.parse(message)
        binding = self._pending.get(wrapper.text if wrapper else message)
        if binding is None or binding.key != key or self.clock() > binding.deadline:
            return None
        proof = Proof(signature=signature, full_message=message if wrapper else None)
        try:
            proofs.check(_as_challenge(binding), proof)
        except WalletError:
            return None
        with self._lock:  # of two simultaneous requests, one finds the text gone
            return self._pending.pop(binding.text, None)

    def merge(self, key: str, wallets: list[Wallet]) -> str:
        """Move all addresses of the wallets' profiles to a new profile, and return its id."""
        old = {self.of(key, wallet) for wallet in wallets}
        new = _digest(secrets.token_hex())
        with self._lock:
            for (owner, wallet), profile in self._profile.items():
                if owner == key and profile in old:
                    self._profile[owner, wallet] = new
        return new

    def separate(self, key: str, wallet: Wallet) -> str:
        """Move the wallet from its profile to a new one, and return the new profile's id."""
        with self._lock:
            self._profile[key, wallet] = new = _digest(secrets.token_hex())
        return new

    def _wait_for(self, key: str, wallet: Wallet, text: str, group: str) -> str:
        with self._lock:
            while len(self._pending) >= MAX_PENDING:
                del self._pending[next(iter(self._pending))]
            deadline = self.clock() + LIFETIME
            self._pending[text] = Binding(key, wallet, text, group, deadline)
        return text


def _digest(seed: str) -> str:
    return "0x" + hashlib.sha256(seed.encode()).hexdigest()


def _bind_text(profile_id: str, wallet: Wallet) -> str:
    return (
        f"Please sign this message to bind:\nProfile Ids:\n- {profile_id}\n\n"
        f"with\n\nAddress: {wallet.address}\nNonce: {new_nonce()}"
    )


def _unbind_text(wallet: Wallet, profile_id: str) -> str:
    return (
        f"Please sign this message to unbind:\nAddress: {wallet.address}\n"
        f"from\nProfile Id:\n- {profile_id}\nNonce: {new_nonce()}"
    )


def _as_challenge(binding: Binding) -> Challenge:
    """Wrap the text and its wallet in a challenge, for ``proofs.check``."""
    return Challenge(
        fields=MessageFields(wallet=binding.wallet, domain="", uri=""),
        nonce="",
        issued_at="",
        message=binding.text,
        id="",
        profile_id=None,
        issued_by="emulator",
    )
