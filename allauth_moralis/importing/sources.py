"""The sources of an import: where other packages keep their wallets."""

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
    """The reason, in a sentence for the operator, why nothing was imported."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that contains an address: in which spelling, and for which user."""

    row: Any
    spelling: str
    user: Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of another package, which says that an address belongs to a user."""

    row: Any
    address: str
    user: AbstractBaseUser
    chain_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a package keeps its addresses.

    ``owner`` is the field that leads to the user; without it the row itself is the user.
    ``chosen`` tells whether people could choose the address freely, as a name.
    """

    name: str
    table: type[models.Model]
    field: str
    owner: str | None = None
    chosen: bool = False

    def batches(self) -> Iterator[list[Candidate]]:
        """Yield all rows that may contain an address, in batches, ordered by primary key.

        This does not use ``iterator()``, for which MySQL's driver, and PostgreSQL behind a pooler,
        would hold the whole result in memory, and SQLite would read a table while it is written.
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
        """Return all rows that contain one of these addresses, by the address in lower case.

        Three spellings are looked up, each as an exact match on an index. A case-insensitive match
        would scan the table for each batch.
        """
        spellings = [
            spelling
            for address in addresses
            for spelling in (address, address.lower(), "0x" + address[2:].upper())
        ]
        found: dict[str, list[Claim]] = {}
        rows = self.rows.filter(**{f"{self.field}__in": spellings})
        # If the row is the user, its key is read only once: Django 5.2.0 drops repeated columns.
        owner = [f"{self.owner}__pk"] if self.owner else []
        for pk, address, *user in rows.values_list("pk", self.field, *owner):
            claim = Claim(pk, address, *(user or [pk]))
            found.setdefault(address.lower(), []).append(claim)
        return found


def tutorial() -> Source:
    """Return the users of Moralis' Django tutorial. Raise ``ImportRefused`` if there are none.

    After the Auth API has verified the signature, the tutorial calls
    ``User(username=address).save()``, which leaves the password empty, and that opens nothing.
    Later copies call ``create_user(username=address, password=None)``, which makes it unusable.
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
    """Return the wallets of django-siwe-auth. Raise ``ImportRefused`` if there are none.

    ``siwe_auth.Wallet`` is itself a user model, with the address as its primary key. Rows are made
    after a signature was verified, or by ``createsuperuser``, so people cannot choose the address.
    """
    table = _model("siwe_auth", "Wallet", "django-siwe-auth")
    if get_user_model() is not table:
        raise ImportRefused(
            "siwe_auth.Wallet is not this site's user model (AUTH_USER_MODEL), so its rows are not "
            "users to whom a wallet could be linked. Turn them into users first, in a migration of "
            "your own. If you make the addresses their user names, --source tutorial links them."
        )
    return _present(Source(name="django-siwe-auth", table=table, field="ethereum_address"))


def siwe_django() -> Source:
    """Return the wallets of siwe-django. Raise ``ImportRefused`` if there are none.

    A ``siwe_django.SiweWallet`` has an address, a chain and a user, and is made after a signature
    was verified.
    """
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
