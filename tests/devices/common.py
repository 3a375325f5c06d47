"""The two devices: a computer that asks, and a phone that has scanned what it shows."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.urls import reverse

from allauth_moralis.testing import SigningWallet, answer, request_challenge

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Computer:
    client: Client
    #: What it was told of its request.
    told: dict[str, Any] = field(default_factory=dict)

    def post(self, name: str, data: Any, **extra: Any) -> "Response":
        body = data if isinstance(data, str | bytes) else json.dumps(data)
        url = reverse(f"moralis_{name}")
        return self.client.post(url, body, **{"content_type": "application/json", **extra})

    def request(self, **fields: Any) -> "Response":
        return self.post("device", fields, headers={"User-Agent": FIREFOX})

    def ask(self, **fields: Any) -> "Computer":
        response = self.request(**fields)
        assert response.status_code == 200, response.content
        self.told = response.json()
        return self

    def poll(self) -> str:
        response = self.post("device_poll", {"device_code": self.told["device_code"]})
        assert response.status_code == 200, response.content
        assert set(response.json()) == {"status"}
        return response.json()["status"]

    def complete(self, **fields: str) -> "Response":
        data = {"device_code": self.told["device_code"], **fields}
        return self.client.post(reverse("moralis_device_complete"), data)

    @property
    def url(self) -> str:
        return self.told["verification_uri"].removeprefix("http://testserver")

    @property
    def scanned(self) -> dict[str, str]:
        """The fields by which a phone answers that has scanned the code and typed the number."""
        device_id = self.url.rstrip("/").rpartition("/")[2]
        return {"process": "device", "device": device_id, "number": self.told["number"]}

    @property
    def wrong(self) -> dict[str, str]:
        """The same with another number."""
        return {**self.scanned, "number": another(self.told["number"])}


def another(number: str) -> str:
    """Return another number of two digits."""
    return "74" if number == "47" else "47"


@dataclass
class Phone:
    client: Client

    def request(self, wallet: SigningWallet, scanned: dict[str, str], **fields) -> "Response":
        return request_challenge(self.client, wallet, **scanned, **fields)

    def sign(self, wallet: SigningWallet, scanned: dict[str, str], **fields) -> "Response":
        response = self.request(wallet, scanned, **fields)
        assert response.status_code == 200, response.content
        issued = response.json()
        return answer(self.client, issued["challenge"], **wallet.prove(issued["message"]))


def approve(computer: Computer, wallet: SigningWallet, **fields: Any) -> Computer:
    """Have the computer ask, and a phone sign."""
    computer.ask(**fields)
    response = Phone(Client()).sign(wallet, computer.scanned)
    assert response.status_code == 200, response.content
    return computer
