"""Who owns which addresses, as far as the service knows: its profiles."""

import hashlib
import secrets
import threading
from dataclasses import dataclass
from typing import Self

from ..wallets import Wallet
from .answers import Call

MAX_ACCOUNTS = 10_000


@dataclass(frozen=True, slots=True)
class Account:
    """An address as one customer of the service knows it.

    Whether a profile spans customers is not known; here it does not, so a client that takes a
    ``profileId`` for a name that the whole world shares is found out.
    """

    customer: str
    network: str
    address: str

    @classmethod
    def of(cls, call: Call, wallet: Wallet) -> Self:
        return cls(call.customer, wallet.network, wallet.address)

    @property
    def first_profile(self) -> str:
        """Stable for an address, as in the recordings, and known before anything was proven."""
        seed = f"{self.customer}|{self.network}|{self.address}"
        return "0x" + hashlib.sha256(seed.encode()).hexdigest()


class Profiles:
    """Which profile an account has. The accounts that were seen first are forgotten first."""

    def __init__(self) -> None:
        self._profiles: dict[Account, str] = {}
        self._lock = threading.RLock()

    def of(self, account: Account) -> str:
        """The account's ``profileId``, which a bind or an unbind changes."""
        with self._lock:
            if account not in self._profiles:
                self._profiles[account] = account.first_profile
                if len(self._profiles) > MAX_ACCOUNTS:
                    del self._profiles[next(iter(self._profiles))]
            return self._profiles[account]

    def addresses(self, customer: str, profile: str) -> list[str]:
        """All that were ever asked about, proven or not: no client may take them for proven."""
        with self._lock:
            return [
                account.address
                for account, known in self._profiles.items()
                if known == profile and account.customer == customer
            ]

    def merge(self, accounts: list[Account]) -> str:
        """Give all addresses of the accounts' profiles one new profile."""
        with self._lock:
            merged = {self.of(account) for account in accounts}
            profile = _new_profile()
            for account, known in self._profiles.items():
                if known in merged:
                    self._profiles[account] = profile
        return profile

    def separate(self, account: Account) -> str:
        """Take an address out of its profile, into a new one of its own."""
        with self._lock:
            self._profiles[account] = _new_profile()
            return self._profiles[account]

    def clear(self) -> None:
        with self._lock:
            self._profiles.clear()


def _new_profile() -> str:
    return "0x" + secrets.token_hex(32)
