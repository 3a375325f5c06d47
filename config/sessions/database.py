"""Sessions in the database, in fewer statements than with Django's own engine.

At each sign-in the session gets another key. For that, Django asks whether the new key is taken,
inserts a row, reads the old one and deletes it, and it wraps each write in a transaction of its
own. Here the row gets its key together with its data, when the session is saved, and each write is
one statement. The rows are the same, so a site can go back to Django's own engine at any time.
"""

from secrets import token_hex

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models import QuerySet


class SessionStore(db.SessionStore):
    #: The key under which the session is stored, while that is not its own key yet.
    _old_key: str | None = None

    def _rows(self, key: str) -> QuerySet[AbstractBaseSession]:
        return self.model.objects.filter(session_key=key)

    def _get_new_session_key(self) -> str:
        # Of 128 random bits. The database refuses a key that is taken, so there is no need to ask.
        return token_hex(16)

    def cycle_key(self) -> None:
        if self.session_key is None:
            super().cycle_key()  # there is no row yet
            return
        self._get_session()  # type: ignore[attr-defined]  # not in the stubs
        # What is stored stays as it is, so a response that fails leaves the session as it was.
        self._old_key = self._old_key or self.session_key
        self._session_key = self._get_new_session_key()
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]  # not in the stubs
        if must_create or not self._update(row):
            row.save(force_insert=True)
        self._old_key = None

    def _update(self, row: AbstractBaseSession) -> bool:
        """Return whether there is a row. Raise if another request ended the session."""
        changes = {"session_data": row.session_data, "expire_date": row.expire_date}
        if self._old_key is not None:
            changes["session_key"] = row.session_key
        found = self._rows(self._old_key or row.session_key).update(**changes)
        if not found and self._old_key is None:
            raise UpdateError
        return bool(found)

    def delete(self, session_key: str | None = None) -> None:
        if session_key in (None, self.session_key):
            session_key = self._old_key or self.session_key
            self._old_key = None
        self._rows(session_key or "").delete()

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    async def asave(self, must_create: bool = False) -> None:
        await sync_to_async(self.save)(must_create)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
