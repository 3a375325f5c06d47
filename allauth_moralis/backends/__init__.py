"""Who makes the text and judges the signature."""

import logging
from functools import lru_cache

from django.utils.module_loading import import_string

from .. import conf
from .base import Backend

__all__ = ["Backend", "get_backend", "issuer", "judge", "reset"]


logger = logging.getLogger("allauth_moralis")


@lru_cache
def _build(path: str) -> Backend:
    backend: Backend = import_string(path)()
    return backend


def get_backend() -> Backend:
    """The backend that is set; one instance a process, so that connections are kept alive."""
    return _build(conf.current().backend_path)


def issuer() -> Backend:
    """Who makes new challenges now: the backend that is set, or its fall-back while it is away."""
    backend = get_backend()
    if not backend.available and conf.current().falls_back:
        logger.warning("%s does not answer: wallets are verified here meanwhile", backend.name)
        return _build(conf.LOCAL_BACKEND)
    return backend


def judge(name: str) -> Backend | None:
    """Who judges the answer to a challenge: whoever issued it, if the settings still say so."""
    settings = conf.current()
    paths = [settings.backend_path, *([conf.LOCAL_BACKEND] if settings.falls_back else [])]
    candidates = map(_build, paths)
    return next((backend for backend in candidates if backend.name == name), None)


def reset() -> None:
    """Forget the backends, with their connections and what they know of the service."""
    _build.cache_clear()
