"""What a sign-in costs, as ratios measured in one run: ``make bench``."""

import os
import statistics
import time
from collections.abc import Callable, Sequence

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from coincurve import PublicKey  # noqa: E402 - after Django's set-up
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from allauth_moralis.siwx import signatures  # noqa: E402
from allauth_moralis.testing import EvmWallet, answer, obtain_challenge  # noqa: E402

ROUNDS = 150


def wallet_login(wallet: EvmWallet, sign: Callable[[str], str]) -> Client:
    client = Client()
    client.get("/accounts/moralis/login/")
    challenge, message = obtain_challenge(client, wallet)
    assert answer(client, challenge, sign(message)).status_code == 302
    return client


def dummy_login(uid: int) -> Client:
    client = Client()
    state = client.get("/accounts/dummy/login/")["Location"]
    client.get(state)
    assert client.post(state, {"id": uid}).status_code == 302
    return client


def cpu(calls: Sequence[Callable[[], object]]) -> float:
    """Median milliseconds of processor time."""
    times = []
    for call in calls:
        started = time.process_time()
        call()
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times)


def statements(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    bookkeeping = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(bookkeeping) for query in queries)


def raw_check(message: str, signature: bytes) -> bytes:
    """The least that a check can cost: a hash, a recovery, a hash."""
    text = message.encode()
    digest = signatures.keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
    signer = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return signatures.keccak256(signer.format(compressed=False)[1:])[12:]


def report(what: str, ours: float, theirs: float, unit: str) -> None:
    print(f"{what:52} {ours:8.2f} {theirs:8.2f} {unit:10} ratio {ours / theirs:.2f}")


def main() -> None:
    call_command("migrate", verbosity=0)
    wallets = [EvmWallet() for _ in range(ROUNDS)]
    signed_by = {wallet.address: wallet.sign for wallet in wallets}
    for warm in range(5):
        dummy_login(10_000 + warm)
        wallet = EvmWallet()
        wallet_login(wallet, wallet.sign)

    print(f"{'':52} {'ours':>8} {'other':>8}")
    logins = [lambda a=a: wallet_login(a, signed_by[a.address]) for a in wallets]
    dummies = [lambda uid=uid: dummy_login(uid) for uid in range(1, ROUNDS + 1)]
    for who in ("new", "returning"):
        report(f"login of a {who} user, processor time", cpu(logins), cpu(dummies), "ms")
    report(
        "login of a returning user, statements", statements(logins[0]), statements(dummies[0]), ""
    )

    wallet = wallets[0]
    message = "x" * 330
    signature = wallet.sign(message)
    raw = bytes.fromhex(signature[2:-2]) + bytes([int(signature[-2:], 16) - 27])

    def check_often() -> None:
        for _ in range(50):
            signatures.check_evm(message, signature, wallet.address)

    ours = cpu([check_often] * 40)
    theirs = cpu([lambda: [raw_check(message, raw) for _ in range(50)]] * 40)
    report("check of an EVM signature, fifty times", ours, theirs, "ms")


if __name__ == "__main__":
    main()
