"""A client of ``allauth.headless`` whose every answer is held against allauth's envelope."""

import json
import posixpath
from typing import Literal

from django.test import Client

from allauth_moralis.testing import HeadlessClient, SigningWallet, request_challenge


class App:
    """A browser or an app. Answers are the envelopes; paths are relative to ``auth/``."""

    def __init__(self, kind: Literal["app", "browser"]) -> None:
        self.kind = kind
        self.api = HeadlessClient(Client(), kind)

    @property
    def http(self) -> Client:
        return self.api.client

    @http.setter
    def http(self, client: Client) -> None:
        self.api.client = client

    @property
    def token(self) -> str | None:
        return self.api.session_token

    @token.setter
    def token(self, token: str | None) -> None:
        self.api.session_token = token

    def post(self, path: str, data: object) -> dict:
        return self.call("POST", path, data)

    def delete(self, path: str, data: object) -> dict:
        return self.call("DELETE", path, data)

    def call(self, method: str, path: str, data: object) -> dict:
        return envelope(self.api.request(method, posixpath.normpath(f"auth/{path}"), data))

    def ask(self, wallet: SigningWallet, **fields) -> dict:
        return envelope(request_challenge(self.api, wallet, **fields))

    def answer(self, challenge: str, proof: dict, process: str = "login", **fields) -> dict:
        """Answer at allauth's own endpoint, whatever the challenge was for."""
        id_token = json.dumps({"challenge": challenge, **proof, **fields})
        return self.post(
            "provider/token",
            {"provider": "moralis", "process": process, "token": {"id_token": id_token}},
        )

    def sign_in(self, wallet: SigningWallet, process: str = "login") -> dict:
        data = self.ask(wallet, process=process)["data"]
        return self.answer(data["challenge"], wallet.prove(data["message"]), process)


def envelope(response) -> dict:
    data = response.json()
    assert data["status"] == response.status_code
    return data


def codes(answer: dict) -> list[str]:
    assert 400 <= answer["status"] < 600
    return [error["code"] for error in answer["errors"]]
