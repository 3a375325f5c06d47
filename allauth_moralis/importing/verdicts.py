"""Which rows of another package are linked, which are not, and why.

The threat: people choose their user names freely. After a careless import, somebody who registered
with a stranger's address as their name, and a password of their own, would share one account with
that stranger: the wallet's owner signs in and stores things, and the other one reads them. (For the
same reason signing in never looks at user names.) So a *name* is believed only if the wallet is the
only way into the account. The tables of packages that saw a signature are believed as they are.

Users who have another wallet, or another way in, are refused for a second reason as well: they may
have removed this wallet since, because its key was stolen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from allauth.account.models import EmailAddress
from allauth.account.utils import user_email
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.db import models

from ..conf import PROVIDER_ID
from ..exceptions import InvalidAddress
from ..siwx.wallets import EVM, Wallet
from .sources import Candidate, Claim, Source

#: An address as these packages write it. ``0X`` would have been written by somebody else.
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


class Verdict(models.TextChoices):
    """What is done with a row, or why nothing is done."""

    LINK = "link", "will be linked"
    LINKED = "linked", "is already linked"
    SAME_WALLET = "same_wallet", "repeats a wallet of the same user, on another chain"
    NOT_AN_ADDRESS = "not_an_address", "the name is not an address"
    WRONG_CHECKSUM = "wrong_checksum", "the letter case is not the address's checksum (EIP-55)"
    NO_CHECKSUM = "no_checksum", "without a checksum the name may have been chosen freely"
    AMBIGUOUS = "ambiguous", "several users claim this address"
    TAKEN = "taken", "the wallet already belongs to another user"
    OTHER_WALLET = "other_wallet", "the user has a wallet here, and may have removed this one"
    INACTIVE = "inactive", "the user is not active"
    PRIVILEGED = "privileged", "the user is staff or a superuser"
    PASSWORD = "password", "the user has a password, so the name may have been chosen freely"
    OTHER_WAY_IN = (
        "other_way_in",
        "the user has an e-mail address, another social account or an authenticator, so the name "
        "may have been chosen freely",
    )


#: The refusals that an operator may let through; the others are final.
OVERRIDABLE = (
    Verdict.NO_CHECKSUM,
    Verdict.INACTIVE,
    Verdict.PRIVILEGED,
    Verdict.PASSWORD,
    Verdict.OTHER_WAY_IN,
)


@dataclass(frozen=True, slots=True)
class Judge:
    """All that the database knows about one batch, so that verdicts need no further queries."""

    source: Source
    allowed: frozenset[Verdict]
    claims: dict[str, list[Claim]]
    owners: dict[str, Any]
    with_wallets: set[Any]
    with_other_ways_in: set[Any]

    @classmethod
    def of(
        cls, source: Source, batch: list[Candidate], allowed: frozenset[Verdict], stamp: str
    ) -> Self:
        addresses = {
            wallet for candidate in batch if (wallet := _canonical(candidate.address)) is not None
        }
        users = {candidate.user.pk for candidate in batch}
        # Rows of this very run are left out: a dry run has none, and must come to the same verdict.
        rows = SocialAccount.objects.values_list(
            "user_id", "provider", "uid", "extra_data__imported_at"
        )
        owners = rows.filter(provider=PROVIDER_ID, uid__in=addresses)
        # By user only: with the provider as well, a database may read all rows of the provider.
        linked = [row[:2] for row in rows.filter(user__in=users) if row[3] != stamp]
        return cls(
            source=source,
            allowed=allowed,
            claims=source.claims(addresses),
            owners={uid: user for user, _, uid, run in owners if run != stamp},
            with_wallets={user for user, provider in linked if provider == PROVIDER_ID},
            with_other_ways_in={user for user, provider in linked if provider != PROVIDER_ID}
            | _with_own_ways_in(users),
        )

    def verdict(self, candidate: Candidate) -> Verdict:
        if not ADDRESS.fullmatch(candidate.address):
            return Verdict.NOT_AN_ADDRESS
        address = _canonical(candidate.address)
        if address is None:
            return Verdict.WRONG_CHECKSUM
        owner = self.owners.get(address)
        if owner is not None:
            return Verdict.LINKED if owner == candidate.user.pk else Verdict.TAKEN
        rival = self._rival(candidate, address)
        if rival is not None:
            return rival
        if candidate.user.pk in self.with_wallets:
            return Verdict.OTHER_WALLET
        doubts = self._doubts(candidate, address)
        return next((doubt for doubt in doubts if doubt not in self.allowed), Verdict.LINK)

    def _rival(self, candidate: Candidate, address: str) -> Verdict | None:
        """Return the verdict if another row has the same address.

        It is the same in a dry run and in any order of the rows.
        """
        for claim in self.claims.get(address.lower(), ()):
            if claim.user != candidate.user.pk:
                # A name without a checksum does not compete with the one that has it.
                if address == claim.spelling or address != candidate.address:
                    return Verdict.AMBIGUOUS
            elif claim.row < candidate.row and (
                claim.spelling == address or Verdict.NO_CHECKSUM in self.allowed
            ):
                return Verdict.SAME_WALLET
        return None

    def _doubts(self, candidate: Candidate, address: str) -> Iterator[Verdict]:
        user = candidate.user
        if candidate.address != address:
            yield Verdict.NO_CHECKSUM
        if not user.is_active:
            yield Verdict.INACTIVE
        if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):
            yield Verdict.PRIVILEGED
        if self.source.chosen:
            # Django considers the tutorial's empty password usable.
            if user.password and user.has_usable_password():
                yield Verdict.PASSWORD
            if user.pk in self.with_other_ways_in or user_email(user):
                yield Verdict.OTHER_WAY_IN


def _canonical(address: str) -> str | None:
    try:
        return Wallet.parse(EVM, address).address
    except InvalidAddress:
        return None


def _with_own_ways_in(users: set[Any]) -> set[Any]:
    """Return the users who have an e-mail address, or an authenticator such as a passkey."""
    tables: list[models.QuerySet[Any]] = [EmailAddress.objects.all()]
    if apps.is_installed("allauth.mfa"):
        tables.append(apps.get_model("mfa", "Authenticator").objects.all())
    return {
        user
        for table in tables
        for user in table.filter(user__in=users).values_list("user_id", flat=True)
    }
