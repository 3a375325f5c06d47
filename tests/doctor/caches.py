"""Caches that work, but for one thing."""

import time

from django.core.cache.backends.locmem import LocMemCache


class InTwoSteps(LocMemCache):
    """Looks first, and adds then."""

    def add(self, key, value, timeout=None, version=None):
        if self.has_key(key, version=version):
            return False
        time.sleep(0.001)
        self.set(key, value, timeout, version=version)
        return True


class Refusing(LocMemCache):
    """Adds nothing."""

    def add(self, *_, **__):
        return False


class Everlasting(LocMemCache):
    """Forgets nothing."""

    def set(self, key, value, timeout=None, version=None):
        super().set(key, value, timeout and None, version=version)
