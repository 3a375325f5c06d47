"""Backends make the text of a challenge and verify the proof; this is how they are chosen."""

import logging
from functools import lru_cache

from django.utils.module_loading import import_string

from .. import conf
from ..ethereum import ens, rpc
from .base import Backend

__all__ = [
    "Backend",
    "fallback_for",
    "get_backend",
    "issuing_backend",
    "reset",
    "verifying_backend",
]


logger = logging.getLogger("allauth_moralis")


@lru_cache
def _build(path: str) -> Backend:
    backend: Backend = import_string(path)()
    return backend


def get_backend() -> Backend:
    """Return the configured backend. It has one instance per process, to keep connections alive."""
    return _build(conf.current().backend_path)


def issuing_backend() -> Backend:
    """Return the backend that issues new challenges now.

    It is the configured one or, while that is not available, the fallback.
    """
    backend = get_backend()
    if not backend.available and conf.current().falls_back:
        return fallback_for(backend)
    return backend


def fallback_for(backend: Backend) -> Backend:
    """Return the backend that issues a challenge in place of one that does not answer."""
    logger.warning("%s does not answer: a challenge is issued here", backend.name)
    return _build(conf.LOCAL_BACKEND)


def verifying_backend(name: str) -> Backend | None:
    """Return the backend that verifies the proof of a challenge that the backend ``name`` issued.

    That is the same backend, or ``None`` if the settings no longer name it.
    """
    settings = conf.current()
    paths = [settings.backend_path, *([conf.LOCAL_BACKEND] if settings.falls_back else [])]
    candidates = map(_build, paths)
    return next((backend for backend in candidates if backend.name == name), None)


def reset() -> None:
    """Forget the backends and the nodes, with their connections and what is known about them."""
    _build.cache_clear()
    rpc.reset()
    ens.reset()
