"""What the headless endpoints answer is what docs/openapi.yaml says."""

from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest
import yaml

from allauth_moralis.exceptions import BY_CODE

pytestmark = pytest.mark.django_db

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text())


def test_the_document_is_one():
    openapi_spec_validator.validate(DOCUMENT)


def check_documented(path: str, answer: dict, method: str = "post") -> None:
    """The document knows this answer, down to its schema."""
    responses = DOCUMENT["paths"][f"/_allauth/{{client}}/v1/auth/{path}"][method]["responses"]
    response = responses[str(answer["status"])]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {"components": DOCUMENT["components"], "allOf": [schema]})


def test_the_document_says_what_the_endpoints_answer(app, wallet, other_wallet, provider):
    ask, confirm = "provider/moralis/challenge", "provider/moralis/reauthenticate"
    check_documented(confirm, app.post(confirm, {}))
    check_documented(ask, app.ask(wallet))
    check_documented(ask, app.ask(wallet, address="0x12"))
    check_documented(ask, app.ask(wallet, process="connect"))
    app.sign_in(wallet)
    data = app.ask(wallet, process="reauthenticate")["data"]
    answer = {"challenge": data["challenge"], **wallet.prove(data["message"])}
    check_documented(confirm, app.post(confirm, answer))
    check_documented(confirm, app.post(confirm, answer))
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    app.ask(wallet)
    check_documented(ask, app.ask(wallet))
    if app.kind == "app":
        app.token = "over"
        check_documented(ask, app.ask(wallet))
        check_documented(confirm, app.post(confirm, answer))


def test_the_document_knows_every_code():
    schema = DOCUMENT["components"]["schemas"]["Errors"]["properties"]["errors"]["items"]

    assert set(schema["properties"]["code"]["enum"]) == set(BY_CODE)
