"""The same flow under ASGI, where Django runs the views in threads."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from .ceremony import json_code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post_json(async_client):
    def post(body: str):
        return async_to_sync(async_client.post)(
            reverse("moralis_challenge"), body, content_type="application/json"
        )

    return post


def test_signing_in(async_client, post_json, wallet):
    assert async_to_sync(async_client.get)(reverse("moralis_login")).status_code == 200
    asked = post_json(json.dumps({"address": wallet.address})).json()

    response = async_to_sync(async_client.post)(
        reverse("moralis_verify"),
        {"challenge": asked["challenge"], "signature": wallet.sign(asked["message"])},
    )

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")


def test_a_body_that_is_too_large(post_json):
    response = post_json("x" * 20_000)

    assert (response.status_code, json_code(response)) == (400, "invalid_request")
