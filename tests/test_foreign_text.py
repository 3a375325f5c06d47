"""Text that no database, no encoding or no eye takes: in every field, on pages and headless."""

import json
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allauth_moralis.testing import AptosWallet, EvmWallet, SolanaWallet, obtain_challenge, sign_in

from .ceremony import page_code, post_json

pytestmark = pytest.mark.django_db

BASE = "/_allauth/browser/v1/auth/provider/"
#: PostgreSQL takes no NUL, UTF-8 no half of a surrogate pair; the rest breaks lines and logs.
FOREIGN = ["\x00", "\ud800", "\udfff", "\r", "\x7f", "\x85", "\u2028", "é", "\U0001f511"]
#: A few rounds: each is some requests.
few = settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
odd_text = st.text(
    st.characters(categories=["L", "N", "P", "S", "Z", "C"]) | st.sampled_from(FOREIGN), max_size=40
)


@pytest.fixture(autouse=True)
def _without_limits(provider):
    provider.update(NETWORKS=["evm", "solana", "aptos"], RATE_LIMITS=False)


def post(client, path, data):
    return client.post(BASE + path, json.dumps(data), content_type="application/json")


def post_form(client, path, **fields):
    """As a hostile program would: with the bytes of half characters, too."""
    raw = {name: value.encode(errors="surrogatepass") for name, value in fields.items()}
    content_type = "application/x-www-form-urlencoded"
    return client.post(f"/accounts/moralis/{path}/", urlencode(raw), content_type=content_type)


def token_of(client, answered):
    token = {"id_token": json.dumps(answered)}
    return post(client, "token", {"provider": "moralis", "process": "login", "token": token})


def headless_code(response):
    return response.json()["errors"][0]["code"]


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
def test_aptos_nonce_is_a_line_of_ascii(client, backend, text):
    wallet = AptosWallet()
    challenge, message = obtain_challenge(client, wallet)
    wrapped = wallet.wrap(message, nonce=text)
    # A key signs bytes; half a character has none.
    signature = wallet.sign(wrapped.encode(errors="replace").decode())

    response = post_form(
        client, "verify", challenge=challenge, signature=signature, full_message=wrapped
    )
    assert page_code(response) == "signature_invalid"

    data = post(client, "moralis/challenge", wallet.described).json()["data"]
    wrapped = wallet.wrap(data["message"], nonce=text)
    signature = wallet.sign(wrapped.encode(errors="replace").decode())
    response = token_of(
        client,
        {"challenge": data["challenge"], "signature": signature, "full_message": wrapped},
    )
    assert (response.status_code, headless_code(response)) == (400, "signature_invalid")
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
@pytest.mark.parametrize("field", ["challenge", "signature", "full_message"])
@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
def test_foreign_text_in_an_answer_is_refused(client, kind, field, text):
    wallet = kind()
    data = post(client, "moralis/challenge", wallet.described).json()["data"]
    answered = {"challenge": data["challenge"], **wallet.prove(data["message"])}
    answered[field] = answered.get(field, "") + text + "x"

    response = token_of(client, answered)

    if field == "full_message" and kind is not AptosWallet:  # where nothing looks at it
        assert response.status_code == 200
        assert "full_message" not in json.dumps(SocialAccount.objects.get().extra_data)
    else:
        assert response.status_code == 400


@few
@given(st.dictionaries(
    st.sampled_from(["network", "address", "chain_id", "process", "next", "state", "public_key"]),
    odd_text,
))  # fmt: skip
def test_challenge_requests_never_fail(fields):
    client = Client()
    for kind in (EvmWallet, SolanaWallet, AptosWallet):
        asked = {**kind().described, **fields}
        response = post_json(client, asked)
        assert response.status_code in (200, 400, 403), response.content
        assert response.status_code == post(client, "moralis/challenge", asked).status_code


@few
@given(challenge=odd_text, signature=odd_text, full_message=odd_text, known=st.booleans())
def test_answers_never_fail(challenge, signature, full_message, known):
    client = Client()
    for kind in (EvmWallet, SolanaWallet, AptosWallet):
        handle = obtain_challenge(client, kind())[0] if known else challenge
        answered = {"signature": signature, "full_message": full_message}
        response = post_form(client, "verify", challenge=handle, **answered)
        assert 400 <= response.status_code < 404

        handle = obtain_challenge(client, kind())[0] if known else challenge
        response = token_of(client, {"challenge": handle, **answered})
        assert response.status_code == 400


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "utf-16", "latin-1", "undefined"])
@pytest.mark.parametrize("process", ["login", "connect", "device"])
@pytest.mark.parametrize("path", ["verify", "device/complete", "label"])
def test_form_in_another_charset_is_refused(client, provider, path, process, charset):
    """Some have a spelling for half a surrogate pair."""
    provider["CROSS_DEVICE"] = True
    sign_in(client, EvmWallet())
    names = ["challenge", "signature", "device_code", "state", "next", "device", "label"]
    fields = {**dict.fromkeys(names, "+2AA-\\ud800"), "process": process, "account": "1"}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    content_type = f"multipart/form-data; boundary=x; charset={charset}"

    body = "".join([*parts, "--x--\r\n"])
    response = client.generic("POST", f"/accounts/moralis/{path}/", body, content_type=content_type)

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape"])
@pytest.mark.parametrize("path", ["moralis/login/", "moralis/reauthenticate/", "profile/"])
def test_page_that_is_asked_for_in_another_charset_is_refused(client, path, charset):
    """Django reads the address in the charset of the body, though there is none."""
    sign_in(client, EvmWallet())
    query = "process=connect&state=+2AA-\\ud800&next=+2AA-\\ud800"
    headers = {"CONTENT_TYPE": f"text/plain; charset={charset}", "QUERY_STRING": query}

    response = client.get(f"/accounts/{path}", **headers)

    assert (response.status_code, page_code(response)) == (400, "invalid_request")


def test_address_in_another_charset_is_refused(client, settings):
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    sign_in(client, EvmWallet())
    client.post("/accounts/3rdparty/signup/", {"email": "ada@example.com"})
    assert client.get("/accounts/moralis/address/").status_code == 200
    part = 'Content-Disposition: form-data; name="email"\r\n\r\n+2AA-@example.com'

    response = client.generic(
        "POST",
        "/accounts/moralis/address/",
        f"--x\r\n{part}\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x; charset=utf-7",
    )

    assert (response.status_code, page_code(response)) == (400, "invalid_request")
    assert EmailAddress.objects.get().email == "ada@example.com"


@few
@given(state=odd_text, next_url=odd_text, process=odd_text)
def test_wallet_page_never_fails(state, next_url, process):
    query = {"state": state, "next": next_url, "process": process}
    raw = {name: value.encode(errors="surrogatepass") for name, value in query.items()}

    response = Client().get("/accounts/moralis/login/?" + urlencode(raw))

    assert response.status_code == 200


@few
@given(label=odd_text)
def test_names_of_wallets_never_fail(label):
    client, wallet = Client(), EvmWallet()
    sign_in(client, wallet)
    row = SocialAccount.objects.get(uid=wallet.address)

    response = post_form(client, "label", account=str(row.pk), label=label)

    assert response.status_code == 302
    stored_is_clean()


def stored_is_clean():
    """Nothing that was stored has what PostgreSQL would not take."""
    for model in (SocialAccount, get_user_model(), EmailAddress):
        for row in model.objects.values():
            text = json.dumps(row, default=str, ensure_ascii=False)
            text.encode()
            assert "\\u0000" not in text
            assert "\x00" not in text


@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet, AptosWallet])
def test_what_is_stored_of_a_sign_in_is_clean(client, kind):
    assert sign_in(client, kind()).status_code == 302

    stored_is_clean()
