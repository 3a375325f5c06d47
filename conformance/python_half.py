"""The rows of the client from PyPI."""

from collections.abc import Callable, Iterator
from functools import partial

import openapi_auth
from openapi_auth.exceptions import ApiValueError

from allauth_moralis.emulator import Emulator

from . import refusals, scenarios
from .python_client import Client, Friendly, Generated
from .report import CANNOT, FAILED, PASSED, Row
from .scenarios import KEY, WALLETS, Half

Call = Callable[[Half], str | None]


def calls() -> Iterator[tuple[str, Call]]:
    for network in WALLETS:
        for every_field in (False, True):
            extent = "every field" if every_field else "required fields"
            asking = partial(scenarios.requested, network=network, every_field=every_field)
            verifying = partial(scenarios.verified, network=network, every_field=every_field)
            yield f"request_challenge_{network}, {extent}", asking
            yield f"verify_challenge_{network}, {extent}", verifying
    yield "get_addresses", scenarios.addresses
    for pair in (("evm", "evm"), ("evm", "solana"), ("solana", "aptos")):
        bind = partial(scenarios.bound, first=pair[0], second=pair[1])
        yield f"bind and unbind, {' and '.join(pair)}: request, verify, addresses", bind
    yield "wrong key", refusals.wrong_key
    yield "missing key", refusals.missing_key
    for case in refusals.BAD_REQUESTS:
        yield case, partial(refusals.bad_request, case=case)
    for case in refusals.STOPPED:
        yield case, partial(refusals.stopped_request, case=case)
    for network in WALLETS:
        yield f"wrong signature, {network}", partial(refusals.wrong_signature, network=network)
    yield "no message, no signature", refusals.nothing_given
    yield "one address to bind", refusals.one_address
    yield "wrong signature of a bind", refusals.wrong_signature_of_bind


def run(described: Emulator, recorded: Emulator) -> Iterator[Row]:
    """The generated client takes the documented answers; ``auth`` takes the recorded ones too."""
    halves = {
        "PyPI openapi_auth": Half(
            make=partial(_generated, described),
            chain_id="137",
            requests=partial(_requests, described),
        ),
        "PyPI moralis.auth": Half(
            make=partial(_friendly, recorded),
            chain_id=137,
            requests=partial(_requests, recorded),
            needs_key=True,
        ),
    }
    for name, half in halves.items():
        for call, make in calls():
            yield _row(name, call, partial(make, half))
    yield from _cannot(recorded, described)


def _generated(emulator: Emulator, key: str | None = KEY) -> Client:
    return Generated(emulator.url, key)


def _friendly(emulator: Emulator, key: str | None = KEY) -> Client:
    return Friendly(emulator.url, key)


def _requests(emulator: Emulator) -> int:
    return len(emulator.requests)


def _row(client: str, call: str, make: Callable[[], str | None]) -> Row:
    try:
        note = make()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this call's
        return Row(client, call, FAILED, f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Row(client, call, PASSED, note or "")


def _cannot(recorded: Emulator, described: Emulator) -> Iterator[Row]:
    """What the generated client fails at by its own fault; each row proves that it still does."""
    number = partial(_generated, recorded)
    yield _proof(
        "verify_challenge_evm, chainId a number",
        Half(make=number, chain_id=137, requests=partial(_requests, recorded)),
        ApiValueError,
        "properties.chainId",
        "the recorded service answers with a number, and its schema has text",
    )
    as_released = partial(Generated, described.url, KEY, client=openapi_auth.ApiClient)
    yield _proof(
        "any answer whose Content-Type has a charset",
        Half(make=as_released, chain_id="137", requests=partial(_requests, described)),
        ApiValueError,
        "Invalid content_type",
        "it compares the whole header; the rows above have the charset taken out",
    )


def _proof(call: str, half: Half, error: type[Exception], text: str, note: str) -> Row:
    client = "PyPI openapi_auth"
    try:
        scenarios.verified(half, "evm", every_field=True)
    except Exception as found:  # noqa: BLE001 - it is looked at
        if isinstance(found, error) and text in str(found):
            return Row(client, call, CANNOT, note)
        return Row(client, call, FAILED, f"another error than known: {found}")
    return Row(client, call, FAILED, "it can now: make this an ordinary row")
