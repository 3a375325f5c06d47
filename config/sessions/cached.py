"""Sessions in the database and in a cache, as Django's ``cached_db`` keeps them."""

from django.contrib.sessions.backends import cached_db

from . import database


class SessionStore(cached_db.SessionStore, database.SessionStore):
    def save(self, must_create: bool = False) -> None:
        old = self._old_key
        super().save(must_create)
        self._drop(old)

    def delete(self, session_key: str | None = None) -> None:
        old = self._old_key
        super().delete(session_key)
        self._drop(old)

    def _drop(self, old: str | None) -> None:
        if old is not None:
            self._cache.delete(self.cache_key_prefix + old)  # type: ignore[attr-defined]  # not in the stubs
