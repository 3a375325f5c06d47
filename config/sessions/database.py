"""Sessions in the database, in fewer statements than with Django's own engine.

At each sign-in the session gets another key. For that, Django asks whether the new key is taken,
inserts a row, reads the old one and deletes it, and it wraps each write in a transaction of its
own. Here it is one UPDATE of the key, and each write is a statement. The rows are the same, so a
site can go back to Django's own engine at any time.
"""

from secrets import token_hex

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models import QuerySet


class SessionStore(db.SessionStore):
    def _rows(self, key: str) -> QuerySet[AbstractBaseSession]:
        return self.model.objects.filter(session_key=key)

    def _get_new_session_key(self) -> str:
        # Of 128 random bits. The database refuses a key that is taken, so there is no need to ask.
        return token_hex(16)

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]  # not in the stubs
        if must_create:
            row.save(force_insert=True)
            return
        changes = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not self._rows(row.session_key).update(**changes):
            raise UpdateError  # another request ended the session

    def delete(self, session_key: str | None = None) -> None:
        self._rows(session_key or self.session_key or "").delete()

    def cycle_key(self) -> None:
        data = self._session  # type: ignore[attr-defined]  # not in the stubs
        old, new = self.session_key, self._get_new_session_key()
        if not old or not self._rows(old).update(session_key=new):
            super().cycle_key()  # there is no row yet, or no longer
            return
        self._session_key, self._session_cache, self.modified = new, data, True
