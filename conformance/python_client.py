"""The client from PyPI, both ways: ``openapi_auth``, which it was generated as, and ``auth``."""

import json
from functools import partial
from typing import Any, Protocol
from unittest import mock

import openapi_auth
from moralis import auth
from openapi_auth.api_client import ApiResponseWithoutDeserialization
from openapi_auth.apis.tags.bind_api import BindApi
from openapi_auth.apis.tags.challenge_api import ChallengeApi
from openapi_auth.apis.tags.profile_api import ProfileApi

TAGS = {"challenge": ChallengeApi, "profile": ProfileApi, "bind": BindApi}


class Client(Protocol):
    """``call`` returns the JSON of an answer that the client took for good, or raises its error."""

    def call(self, operation: str, given: dict[str, Any]) -> Any: ...


class JSONClient(openapi_auth.ApiClient):
    """Takes the ``charset`` out of an answer's type, which the generated code does not know."""

    def call_api(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().call_api(*args, **kwargs)
        answer.headers["Content-Type"] = answer.headers["Content-Type"].partition(";")[0]
        return answer


class Generated:
    """``openapi_auth``, which holds each request and each answer against the service's schema."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        client: type[openapi_auth.ApiClient] = JSONClient,
    ) -> None:
        configuration = openapi_auth.Configuration(
            host=url, api_key={"ApiKeyAuth": key} if key else None
        )
        self._client = client(configuration)

    def call(self, operation: str, given: dict[str, Any]) -> Any:
        api = TAGS[tag_of(operation)](self._client)
        sent = {"path_params": given} if operation == "get_addresses" else {"body": given}
        answer = getattr(api, operation)(**sent)
        # An answer with a status that the schema does not know comes back unjudged.
        assert not isinstance(answer, ApiResponseWithoutDeserialization), answer.response.status
        return json.loads(answer.response.data)


class Friendly:
    """``moralis.auth``: the same schema for requests, none for answers."""

    def __init__(self, url: str, key: str | None) -> None:
        self._key = key
        # It makes a configuration for each call, and asks nobody for its host.
        self._configuration = partial(openapi_auth.Configuration, host=url)

    def call(self, operation: str, given: dict[str, Any]) -> Any:
        function = getattr(getattr(auth, tag_of(operation)), operation)
        with mock.patch.object(openapi_auth, "Configuration", self._configuration):
            return function(self._key, given)


def tag_of(operation: str) -> str:
    if operation == "get_addresses":
        return "profile"
    return "bind" if "bind" in operation else "challenge"
