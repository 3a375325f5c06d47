"""The Moralis Auth API over HTTP: what goes along with a request, and what each status means."""

import re
from http import HTTPStatus
from typing import Any

from django.views.decorators.debug import sensitive_variables

from ... import conf
from ...exceptions import Misconfigured, UpstreamRejected, UpstreamUnavailable
from ...upstream.circuit import Circuit
from ...upstream.client import Client, Response

MAX_RESPONSE = 64 * 1024  # bytes; a real response has some hundreds
#: The service answers 401 for a used-up plan, as it does for a wrong key; only the words differ.
QUOTA = r"service blocked|support blocked|usage has been consumed|unpaid invoices"


class Refused(Exception):
    """The service answered 400. Its ``reasons`` are matched, and never shown or logged."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("the service answered 400")
        self.reasons = reasons

    def says(self, pattern: str) -> bool:
        return any(re.search(pattern, reason, re.IGNORECASE) for reason in self.reasons)


class AuthApi:
    """A client of the service. Use one per process, so that its connections are kept alive."""

    def __init__(self) -> None:
        self.circuit = Circuit()
        self._client = Client()

    @sensitive_variables()
    def post(self, path: str, body: dict[str, Any], *, retry: bool = False) -> dict[str, Any]:
        """Return the JSON object of the response to a POST.

        ``retry`` tells whether to try again if the connection fails. Raise ``Refused`` for a 400,
        and a ``WalletError`` for all other failures.
        """
        data = self._ask("POST", path, body, retry=retry)
        if not isinstance(data, dict):
            raise UpstreamRejected("not a JSON object")
        return data

    def get(self, path: str) -> list[Any]:
        """Return the JSON array of the response to a GET. Raise the errors of ``post``."""
        data = self._ask("GET", path, None, retry=True)
        if not isinstance(data, list):
            raise UpstreamRejected("not a JSON array")
        return data

    @sensitive_variables()
    def _ask(self, method: str, path: str, body: dict[str, Any] | None, *, retry: bool) -> Any:
        settings = conf.current()
        url = settings.base_url.rstrip("/") + path
        headers = {"X-API-Key": settings.api_key}
        with (
            self.circuit.guard(),
            self._client.request(
                method, url, body, timeout=settings.timeout, headers=headers, retry=retry
            ) as response,
        ):
            return _read_result(response)


def _read_result(response: Response) -> Any:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UpstreamUnavailable(f"status {status}")
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return response.json(MAX_RESPONSE)
    if status == HTTPStatus.BAD_REQUEST:
        raise Refused(_reasons(response.json(MAX_RESPONSE)))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        if Refused(_reasons(response.json(MAX_RESPONSE))).says(QUOTA):
            raise UpstreamUnavailable("the plan's quota is used up")
        raise Misconfigured(f"the service refused the API key with status {status}")
    raise UpstreamRejected(f"status {status}")


def _reasons(data: Any) -> list[str]:
    """Return the reasons in an error's ``message``, which is a string or a list of strings."""
    message = data.get("message") if isinstance(data, dict) else None
    return [
        text
        for text in (message if isinstance(message, list) else [message])
        if isinstance(text, str)
    ]
