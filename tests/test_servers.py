"""Sites of somebody else's under a real server: its database, its addresses, and what is down."""

from collections.abc import Iterator

import pytest

from .accounts import EvmAccount
from .servers import ServedSite, serve
from .test_processes import Browser, at_once, owner_and_rows


@pytest.fixture
def plain_site(tmp_path) -> Iterator[ServedSite]:
    with serve("plain", tmp_path) as site:
        yield site


def test_removals_at_once_on_sqlite_as_it_ships(plain_site):
    """Neither is a 500, and one wallet stays."""
    people, calls = [], []
    for _ in range(6):
        browser, wallets = Browser(plain_site), [EvmAccount(), EvmAccount()]
        browser.enter(wallets[0])
        browser.enter(wallets[1], "connect")
        people.append(wallets)
        calls += [
            lambda b=browser, pk=pk: b.remove(pk) for _, pk in owner_and_rows(plain_site, *wallets)
        ]

    codes = at_once(calls)

    assert set(codes) <= {200, 302}, plain_site.log.read_text()[-3000:]
    for wallets in people:
        assert any(owner_and_rows(plain_site, *wallets)), "an account has no way in"


def test_first_sign_ins_at_once_on_sqlite_as_it_ships(plain_site):
    wallets = [EvmAccount() for _ in range(12)]
    calls = []
    for wallet in wallets:
        browser = Browser(plain_site)
        challenge, message = browser.ask(wallet)
        calls.append(lambda b=browser, c=challenge, s=wallet.sign(message): b.answer(c, s))

    codes = at_once(calls)

    assert set(codes) == {302}, plain_site.log.read_text()[-3000:]
    assert None not in owner_and_rows(plain_site, *wallets)
