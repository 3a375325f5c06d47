"""Import wallets from other packages, as social accounts of this provider."""

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
    """Decide on every row of ``source``, report it, and with ``apply`` link the wallets.

    Either all of them are linked or, if anything fails, none. ``allowed`` are the refusals that the
    operator lets through. Raise ``ImportRefused`` if the database changed during the import.
    """
    stamp = timezone.now().isoformat()
    try:
        # A dry run takes no lock, so that it does not keep people waiting who sign in.
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
            "During the import one of these wallets was linked, or one of the users deleted. "
            "Nothing was written. Run the command again."
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
    # An empty password opens nothing, but Django and allauth count it as usable: its owner could
    # remove their only wallet, and pages would ask for a password that they never had.
    users: list[Any] = [candidate.user for candidate in candidates if candidate.user.password == ""]
    for user in users:
        user.password = make_password(None)
    get_user_model()._default_manager.bulk_update(users, ["password"])  # noqa: SLF001


def _extra_data(candidate: Candidate, source: Source, stamp: str) -> dict[str, Any]:
    """Return ``extra_data`` with the keys of a verified wallet, but without evidence.

    Nothing has been verified here yet. The first sign-in replaces all of it by evidence.
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
