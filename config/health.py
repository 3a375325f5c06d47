"""``GET /healthz``: whether this process, its database and its cache answer.

A middleware, and the first one, because those who ask name no host of ours (``ALLOWED_HOSTS``), do
not speak HTTPS (``SECURE_SSL_REDIRECT``) and have no session. It says no more than which part
failed; the log says how.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import get_random_string

PATH = "/healthz"
SAFE = ("GET", "HEAD")
logger = logging.getLogger(__name__)


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return get_response(request)
        return health() if request.method in SAFE else HttpResponseNotAllowed(SAFE)

    return answer


def health() -> HttpResponse:
    parts = {
        "process": True,
        "database": _answers("database", _ask_database),
        "cache": _answers("cache", _ask_cache),
    }
    is_well = all(parts.values())
    told = {name: "ok" if answers else "failed" for name, answers in parts.items()}
    response = JsonResponse(
        {"status": "ok" if is_well else "failed", **told},
        status=HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE,
    )
    add_never_cache_headers(response)
    return response


def _answers(part: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - each database and each cache has exceptions of its own
        # Their texts may name hosts and users.
        logger.error("The %s does not answer: %s", part, type(error).__name__)  # noqa: TRY400 - nor a traceback
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    """Have it keep something: some clients hide that they reach no one."""
    if not cache.add(f"healthz:{get_random_string(22)}", 1, timeout=1):
        raise ConnectionError
