"""Where other packages keep their wallets. Raises ``ImportRefused`` where one has none here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account import app_settings as account_settings
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models

BATCH = 500  # rows: some ten queries for each, and few enough parameters for any database


class ImportRefused(Exception):
    """Nothing was written, and this is why; a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that bears an address: its spelling there, and the user."""

    row: Any
    spelling: str
    user: Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of another package that says that this address is this user's."""

    row: Any
    address: str
    user: AbstractBaseUser
    chain_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a package keeps its addresses.

    ``owner`` is the field that leads to the user; without it the row is the user.
    ``chosen``: people could write the address themselves.
    """

    name: str
    table: type[models.Model]
    field: str
    owner: str | None = None
    chosen: bool = False

    def batches(self) -> Iterator[list[Candidate]]:
        """All that may be addresses, in the order of the primary key.

        Page by page and not by ``iterator()``: MySQL's driver, and PostgreSQL behind a pooler,
        would hold the whole result in memory; SQLite would read a table that is being written to.
        """
        rows = self.rows.filter(**{f"{self.field}__startswith": "0x"}).order_by("pk")
        if self.owner:
            rows = rows.select_related(self.owner)
        page = list(rows[:BATCH])
        while page:
            yield [self._candidate(row) for row in page]
            page = list(rows.filter(pk__gt=page[-1].pk)[:BATCH])

    @property
    def rows(self) -> models.QuerySet[Any]:
        return self.table._default_manager.all()  # noqa: SLF001 - as Django names it

    def _candidate(self, row: Any) -> Candidate:
        return Candidate(
            row=row.pk,
            address=getattr(row, self.field),
            user=getattr(row, self.owner) if self.owner else row,
            chain_id=getattr(row, "chain_id", None) if self.owner else None,
        )

    def claims(self, addresses: Iterable[str]) -> dict[str, list[Claim]]:
        """All rows that bear one of these addresses, by its lower-case form.

        In three spellings, each an exact match on an index; a comparison regardless of case would
        scan the table for each batch.
        """
        spellings = [
            spelling
            for address in addresses
            for spelling in (address, address.lower(), "0x" + address[2:].upper())
        ]
        found: dict[str, list[Claim]] = {}
        rows = self.rows.filter(**{f"{self.field}__in": spellings})
        # Where the row is the user, its key is read once: Django 5.2.0 drops a column named twice.
        owner = [f"{self.owner}__pk"] if self.owner else []
        for pk, address, *user in rows.values_list("pk", self.field, *owner):
            claim = Claim(pk, address, *(user or [pk]))
            found.setdefault(address.lower(), []).append(claim)
        return found


def tutorial() -> Source:
    """Moralis' Django tutorial: ``User(username=address).save()``, once the Auth API said yes.

    The password is the empty string then, which opens nothing; later copies of the tutorial call
    ``create_user(username=address, password=None)``, which makes an unusable one.
    """
    user_model = get_user_model()
    field = account_settings.USER_MODEL_USERNAME_FIELD
    try:
        user_model._meta.get_field(field or "")  # noqa: SLF001 - documented by Django
    except FieldDoesNotExist:
        raise ImportRefused(
            f"{user_model.__name__} has no user name (ACCOUNT_USER_MODEL_USERNAME_FIELD is "
            f"{field!r}), which is where the tutorial keeps the address."
        ) from None
    return _present(Source(name="tutorial", table=user_model, field=field, chosen=True))


def django_siwe_auth() -> Source:
    """``siwe_auth.Wallet`` is itself a user model, with the address as its primary key.

    A row is made after a verified signature, or by ``createsuperuser``: nobody chooses a name.
    """
    table = _model("siwe_auth", "Wallet", "django-siwe-auth")
    if get_user_model() is not table:
        raise ImportRefused(
            "siwe_auth.Wallet is not this site's user model (AUTH_USER_MODEL), so its rows are no "
            "users that a wallet could be linked to. Make users of them first, by a migration of "
            "your own; where their user names are the addresses, --source tutorial links them."
        )
    return _present(Source(name="django-siwe-auth", table=table, field="ethereum_address"))


def siwe_django() -> Source:
    """``siwe_django.SiweWallet``: address, chain and user, made after a verified signature."""
    table = _model("siwe_django", "SiweWallet", "siwe-django")
    return _present(Source(name="siwe-django", table=table, field="address", owner="user"))


SOURCES: dict[str, Callable[[], Source]] = {
    "tutorial": tutorial,
    "django-siwe-auth": django_siwe_auth,
    "siwe-django": siwe_django,
}


def _model(app: str, name: str, package: str) -> type[models.Model]:
    try:
        return apps.get_model(app, name)
    except LookupError:
        raise ImportRefused(
            f'There is no model {app}.{name}: {package} is not installed here. Keep "{app}" in '
            "INSTALLED_APPS until its wallets are imported."
        ) from None


def _present(source: Source) -> Source:
    table = source.table._meta.db_table  # noqa: SLF001 - documented by Django
    if table not in connection.introspection.table_names():
        raise ImportRefused(f"There is no table {table} in this database. Run migrate first.")
    return source
