"""People's own names for their wallets ("Ledger", "phone"): ``SocialAccount.extra_data["label"]``.

allauth overwrites ``extra_data`` at each sign-in, and ``sociallogin.WalletLogin`` keeps the label.
"""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser

from ..conf import PROVIDER_ID
from ..exceptions import InvalidRequest
from .transactions import writing

KEY = "label"


def set_label(user: AbstractBaseUser, account_pk: int, label: str) -> None:
    """Name one of the user's wallets. An empty label removes the name.

    Raise ``InvalidRequest`` if the row is not a wallet of theirs.
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
        # Only this field: saving the others would make it look as if the wallet was just used.
        account.save(update_fields=["extra_data"])


def keep(old: object, new: dict[str, Any]) -> dict[str, Any]:
    """Return ``new`` with the label of ``old``, if that has one, and with no other label."""
    evidence = {key: value for key, value in new.items() if key != KEY}
    label = old.get(KEY) if isinstance(old, dict) else None
    return {**evidence, KEY: label} if label else evidence
