"""Sessions in the database and in a cache, as Django's ``cached_db`` keeps them."""

from django.contrib.sessions.backends import cached_db

from . import database


class SessionStore(cached_db.SessionStore, database.SessionStore):
    def cycle_key(self) -> None:
        old = self.session_key
        super().cycle_key()
        if old:
            self._cache.delete(self.cache_key_prefix + old)  # type: ignore[attr-defined]  # not in the stubs
