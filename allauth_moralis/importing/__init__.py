"""Wallets that another package knows become rows of this provider."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from ..conf import PROVIDER_ID
from ..siwx.wallets import EVM, Wallet
from .sources import SOURCES, Candidate, ImportRefused, Source
from .verdicts import OVERRIDABLE, Judge, Verdict

__all__ = ["OVERRIDABLE", "SOURCES", "Candidate", "ImportRefused", "Verdict", "import_wallets"]


def import_wallets(
    source: Source,
    *,
    allowed: frozenset[Verdict],
    apply: bool,
    report: Callable[[Candidate, Verdict], None],
) -> None:
    """Judge every row, and link what is to be linked: all of it, or nothing where it fails."""
    stamp = timezone.now().isoformat()
    try:
        # A dry run takes no lock: nobody who signs in meanwhile shall wait for it.
        with transaction.atomic() if apply else nullcontext():
            for batch in source.batches():
                judge = Judge.of(source, batch, allowed, stamp)
                verdicts = [(candidate, judge.verdict(candidate)) for candidate in batch]
                if apply:
                    _link([c for c, verdict in verdicts if verdict == Verdict.LINK], source, stamp)
                for candidate, verdict in verdicts:
                    report(candidate, verdict)
    except IntegrityError:
        raise ImportRefused(
            "One of these wallets was linked, or one of the users deleted, in the meantime. "
            "Nothing was written. Run it again."
        ) from None


def _link(candidates: Sequence[Candidate], source: Source, stamp: str) -> None:
    SocialAccount.objects.bulk_create(
        SocialAccount(
            user_id=candidate.user.pk,
            provider=PROVIDER_ID,
            uid=Wallet.parse(EVM, candidate.address).address,
            extra_data=_extra_data(candidate, source, stamp),
        )
        for candidate in candidates
    )
    # An empty password opens nothing, and yet Django and allauth count it as one: its owner could
    # remove their only wallet, and pages would ask them for a password that they never had.
    users: list[Any] = [candidate.user for candidate in candidates if candidate.user.password == ""]
    for user in users:
        user.password = make_password(None)
    get_user_model()._default_manager.bulk_update(users, ["password"])  # noqa: SLF001


def _extra_data(candidate: Candidate, source: Source, stamp: str) -> dict[str, Any]:
    """The keys of a verified wallet, and nothing that nobody verified here.

    The first sign-in puts evidence in the place of all of it.
    """
    return {
        "network": EVM,
        "chain_id": candidate.chain_id,
        "verified": {},
        "verified_by": None,
        "verified_at": None,
        "message": None,
        "signature": None,
        "imported_from": source.name,
        "imported_at": stamp,
    }
