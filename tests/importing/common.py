"""What the tests of importing share."""

import re
from io import StringIO
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.core.management import call_command

from allauth_moralis.testing import EvmWallet

COUNT = re.compile(r"^ *([0-9]+)  ([a-z_]+) ", re.MULTILINE)


def tutorial_user(wallet: EvmWallet | str, **fields: Any):
    """As Moralis' Django tutorial makes one: ``User(username=eth_address).save()``."""
    user_model = get_user_model()
    name = wallet if isinstance(wallet, str) else wallet.address
    user = user_model(username=name, **{"is_staff": False, "is_superuser": False, **fields})
    user.save()
    return user


def run(*arguments: str) -> tuple[dict[str, int], str]:
    """The numbers of the summary that are not zero, and all that was said."""
    out = StringIO()
    call_command("moralis_import_tutorial_users", *arguments, stdout=out)
    said = out.getvalue()
    return {name: int(count) for count, name in COUNT.findall(said) if count != "0"}, said


def links() -> dict[str, int]:
    rows = SocialAccount.objects.filter(provider="moralis")
    return dict(rows.values_list("uid", "user_id"))


def refused(verdict: str, *arguments: str) -> None:
    """One user is told of by ``verdict``, and nothing is written; whoever is linked stays so."""
    before = links()
    counts, said = run("--apply", *arguments)
    counts.pop("linked", None)
    assert counts == {verdict: 1}
    assert f"\n{verdict}: " in "\n" + said
    assert links() == before
