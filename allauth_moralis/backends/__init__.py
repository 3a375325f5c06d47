"""Who makes the text and judges the signature."""

from functools import lru_cache

from django.utils.module_loading import import_string

from .. import conf
from .base import Backend

__all__ = ["Backend", "get_backend"]


@lru_cache
def _build(path: str) -> Backend:
    backend: Backend = import_string(path)()
    return backend


def get_backend() -> Backend:
    """The backend in force; one instance a process, so that connections are kept alive."""
    return _build(conf.backend())
