"""The site has no more than this: it trusts the browser with the text, and the service with all."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.http import require_POST

SERVICE = os.environ.get("MORALIS_BASE_URL", "")
HEADERS = {"X-API-Key": os.environ.get("MORALIS_API_KEY", "")}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<script>const token = '{get_token(request)}'</script>")


def ask(call: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(f"{SERVICE}{call}", json=body, headers=HEADERS, timeout=10)
    answer.raise_for_status()
    return answer.json()


@require_POST
def request_message(request: HttpRequest) -> JsonResponse:
    asked = json.loads(request.body)
    now = datetime.now(UTC)
    body = {
        "domain": "example.com",
        "chainId": 1,
        "address": asked["address"],
        "statement": "Please confirm",
        "uri": "https://example.com/",
        "expirationTime": (now + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "timeout": 15,
    }
    return JsonResponse(ask("/challenge/request/evm", body))


@require_POST
def verify_message(request: HttpRequest) -> JsonResponse:
    asked = json.loads(request.body)
    proof = {"message": asked["message"], "signature": asked["signature"]}
    address = ask("/challenge/verify/evm", proof)["address"]
    user, _ = get_user_model().objects.get_or_create(username=address)
    login(request, user)
    return JsonResponse({"user": user.get_username()})


urlpatterns = [
    path("login/", page),
    path("request_message/", request_message),
    path("verify_message/", verify_message),
]
