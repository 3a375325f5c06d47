"""A person's own name for each of their wallets ("Ledger", "phone"), beside what was verified.

In ``SocialAccount.extra_data["label"]``: allauth writes that anew at each sign-in, and
``sociallogin.WalletLogin`` keeps the label.
"""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser

from ..conf import PROVIDER_ID
from ..exceptions import InvalidRequest
from .transactions import writing

KEY = "label"


def set_label(user: AbstractBaseUser, account_pk: int, label: str) -> None:
    """Name one of the user's wallets; an empty label takes the name away.

    Raises ``InvalidRequest`` where the row is no wallet of theirs.
    """
    with writing():
        account = (
            SocialAccount.objects.select_for_update()
            .filter(user_id=user.pk, provider=PROVIDER_ID, pk=account_pk)
            .first()
        )
        if account is None or not isinstance(account.extra_data, dict):
            raise InvalidRequest("not a wallet of this account")
        rest = {key: value for key, value in account.extra_data.items() if key != KEY}
        account.extra_data = {**rest, KEY: label} if label else rest
        # Alone: to save the rest would tell that the wallet was used just now.
        account.save(update_fields=["extra_data"])


def keep(old: object, new: dict[str, Any]) -> dict[str, Any]:
    """What a sign-in writes in the place of ``old``, with the label that is there, or none."""
    evidence = {key: value for key, value in new.items() if key != KEY}
    label = old.get(KEY) if isinstance(old, dict) else None
    return {**evidence, KEY: label} if label else evidence
