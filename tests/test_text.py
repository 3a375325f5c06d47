"""The text: rendered to the letter, recognised only to the letter."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.siwx import signatures
from allauth_moralis.siwx.text import match, render, timestamp
from allauth_moralis.siwx.wallets import MessageFields, Wallet

# The one complete recording of the live service: its fields, its text and the wallet's signature.
RECORDED = MessageFields(
    wallet=Wallet("evm", "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1"),
    domain="defi.finance",
    uri="https://defi.finance/",
    chain_id=1,
    statement="Please confirm",
    expiration_time="2023-01-01T00:00:00.000Z",
    not_before="2020-01-01T00:00:00.000Z",
)
NONCE, ISSUED_AT = "rhB7VY6zuNlwTu4KM", "2022-08-14T15:25:18.700Z"
SHA256 = "f14fdd95e96338a20063b04d662b770cfbef36b0ced865d9785db7c724a652cc"
SIGNATURE = (
    "0x59bfb8d223bbd3a8cad8ebcf9482516b620058e3076530a66f780c2548d7eb9f"
    "5dc19863b36eb89b60ba1c11666f8b9862562ed2e851bc28862e876a47ad14b91c"
)

line = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80)
word = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
moment = st.datetimes().map(lambda naive: timestamp(naive.replace(tzinfo=UTC)))
sign_ins = st.builds(
    MessageFields,
    wallet=st.binary(min_size=20, max_size=20).map(lambda b: Wallet.parse("evm", "0x" + b.hex())),
    domain=word,
    uri=word,
    chain_id=st.integers(1, 2**53 - 1),
    statement=st.none() | line,
    expiration_time=st.none() | moment,
    not_before=st.none() | moment,
    resources=st.lists(word, max_size=3).map(tuple),
)
nonces = st.from_regex(r"[A-Za-z0-9]{8,64}", fullmatch=True)


def recorded() -> str:
    return render(RECORDED, nonce=NONCE, issued_at=ISSUED_AT)


def test_the_recording_of_the_live_service_to_the_byte():
    assert hashlib.sha256(recorded().encode()).hexdigest() == SHA256


def test_the_recorded_signature_is_of_the_recorded_wallet():
    signatures.check_evm(recorded(), SIGNATURE, RECORDED.wallet.address)


def test_the_recorded_signature_is_not_of_a_text_with_one_more_newline():
    with pytest.raises(SignatureInvalid):
        signatures.check_evm(recorded() + "\n", SIGNATURE, RECORDED.wallet.address)


def test_without_a_statement_two_lines_are_empty():
    fields = MessageFields(
        wallet=RECORDED.wallet, domain="a.example", uri="https://a.example/", chain_id=1
    )

    text = render(fields, nonce=NONCE, issued_at=ISSUED_AT)

    assert f"{RECORDED.wallet.address}\n\n\nURI: https://a.example/\n" in text


def test_resources_are_listed_at_the_end():
    fields = MessageFields(
        wallet=RECORDED.wallet,
        domain="a",
        uri="b",
        chain_id=1,
        resources=("https://c/", "ipfs://d"),
    )

    text = render(fields, nonce=NONCE, issued_at=ISSUED_AT)

    assert text.endswith("\nResources:\n- https://c/\n- ipfs://d")


@given(sign_ins, nonces, moment)
def test_a_rendered_text_matches_what_was_asked(fields, nonce, issued_at):
    text = render(fields, nonce=nonce, issued_at=issued_at)

    assert match(text, fields) == (nonce, issued_at)


@given(sign_ins, nonces, moment, st.data())
def test_a_text_with_one_character_changed_does_not_match_or_has_another_nonce(
    fields, nonce, issued_at, data
):
    text = render(fields, nonce=nonce, issued_at=issued_at)
    position = data.draw(st.integers(0, len(text)))
    mutant = (
        text[:position]
        + data.draw(st.characters(max_codepoint=0x2FF))
        + text[position + data.draw(st.integers(0, 1)) :]
    )

    found = match(mutant, fields)

    assert mutant == text or found is None or found != (nonce, issued_at)
    if found is not None:
        assert render(fields, nonce=found[0], issued_at=found[1]) == mutant


@given(sign_ins, sign_ins, nonces, moment)
def test_a_text_that_says_another_thing_does_not_match(fields, other, nonce, issued_at):
    text = render(other, nonce=nonce, issued_at=issued_at)

    if fields != other:
        found = match(text, fields)
        assert found is None or render(fields, nonce=nonce, issued_at=issued_at) == text


@pytest.mark.parametrize(
    "nonce", ["", "short12", "with-dash-in-it", "with space", "é" * 10], ids=repr
)
def test_nonces_that_are_none(nonce):
    text = render(RECORDED, nonce=nonce, issued_at=ISSUED_AT)

    assert match(text, RECORDED) is None


def test_times_are_written_as_javascript_writes_them():
    zone = timezone(timedelta(hours=2))

    written = timestamp(datetime(2026, 1, 2, 3, 4, 5, 678999, tzinfo=zone))

    assert written == "2026-01-02T01:04:05.678Z"
