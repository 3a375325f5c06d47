"""What the tests of emulator share."""

import json
from datetime import UTC, datetime

import requests

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import EvmWallet

REQUEST = "/challenge/request/evm"
VERIFY = "/challenge/verify/evm"


# The one complete recording of the real service: request, signature and verification.
RECORDED_TEXT = """\
defi.finance wants you to sign in with your Ethereum account:
0x28cC324d04132b8Caa67479C9083e6f5ad505EC1

Please confirm

URI: https://defi.finance/
Version: 1
Chain ID: 1
Nonce: rhB7VY6zuNlwTu4KM
Issued At: 2022-08-14T15:25:18.700Z
Expiration Time: 2023-01-01T00:00:00.000Z
Not Before: 2020-01-01T00:00:00.000Z"""


RECORDED_SIGNATURE = (
    "0x59bfb8d223bbd3a8cad8ebcf9482516b620058e3076530a66f780c2548d7eb9f"
    "5dc19863b36eb89b60ba1c11666f8b9862562ed2e851bc28862e876a47ad14b91c"
)
RECORDED_MOMENT = datetime(2022, 8, 14, 15, 25, 18, 700_000, tzinfo=UTC)


# The documentation's own example, which does not verify: well-formed but wrong.
DOCUMENTED_SIGNATURE = (
    "0xa8f89a58bf9b433d3100f9e41ee35b5e31fb8c7cd62547acb113162ec6f2e414"
    "0207e2dfbd4e387e1801ebc7f08a9dd105ac1d22b2e2ff0df5fa8b6d9bdcfe491c"
)


class Clock:
    """The emulator's time, which stands still until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment.timestamp()

    def __call__(self) -> float:
        return self.now


def post(
    emulator: Emulator, path: str, body: object, *, key: str | None = "any"
) -> requests.Response:
    """``body`` is sent as JSON, or to the letter where it is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if key is None else {"X-API-Key": key}
    return requests.post(emulator.url + path, data=data, headers=headers, timeout=10)


def accepted(emulator: Emulator, fields: dict, **options) -> dict:
    response = post(emulator, REQUEST, fields, **options)
    assert response.status_code == 201, response.text
    return response.json()


def verify(
    emulator: Emulator, wallet: EvmWallet, text: str, /, **changes: object
) -> requests.Response:
    body = {"message": text, "signature": wallet.sign(text), **changes}
    return post(emulator, VERIFY, body)


def reason(response: requests.Response, status: int = 400) -> str | list[str]:
    """The ``message`` of a refusal in the service's own shape."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    body = response.json()
    assert list(body) == ["statusCode", "name", "message"]
    assert body["statusCode"] == status
    assert body["name"] == {400: "BadRequestException", 404: "NotFoundException"}[status]
    return body["message"]
