"""How much it can cost to ask for names."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from allauth_moralis.ethereum import ens, rpc
from allauth_moralis.upstream.circuit import THRESHOLD

from ..chain import faults
from .common import ADA, link, names

pytestmark = pytest.mark.django_db


class KeepingCache(LocMemCache):
    kept: list[tuple[str, Any, int]] = []  # noqa: RUF012 - of the class, for the test to read

    def set(self, key: str, value: Any, timeout: Any = None, version: Any = None) -> None:
        if key.startswith("allauth_moralis:ens:"):
            self.kept.append((key, value, timeout))
        super().set(key, value, timeout, version)


@pytest.fixture
def kept(settings) -> list[tuple[str, Any, int]]:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.KeepingCache", "LOCATION": "kept"}}
    cache.clear()
    KeepingCache.kept.clear()
    return KeepingCache.kept


# --- What is kept -----------------------------------------------------------------------------


def test_a_name_is_asked_for_once_a_day_and_so_is_one_that_is_not_there(client, ada, node, kept):
    link(1)

    assert [names(client) for _ in range(3)] == [{ada: ADA}] * 3

    assert node.methods == ["eth_chainId", "eth_call", "eth_call"]
    assert sorted((value, seconds) for _, value, seconds in kept) == [("", 86400), (ADA, 86400)]
    assert not any(ada[2:].lower() in key.lower() for key, _, _ in kept)


def test_a_node_that_fails_is_asked_again_after_minutes(client, ada, node, kept):
    node.misbehave(faults.error(-32005, "limit exceeded"), method="eth_call")

    assert [names(client) for _ in range(2)] == [{}, {}]
    assert node.methods == ["eth_chainId", "eth_call"]
    assert [(value, seconds) for _, value, seconds in kept] == [("", 300)]
    cache.delete(kept[0][0])
    assert names(client) == {ada: ADA}


def test_a_name_is_there_without_a_node_once_it_is_known(client, ada, node):
    names(client)
    link(1)
    node.misbehave(faults.hang_up, times=10)

    assert names(client) == {ada: ADA}


# --- How much is asked ------------------------------------------------------------------------


def test_of_many_wallets_ten_are_asked_for_at_a_time(client, ada, node):
    for number in range(1, 15):
        link(number)

    asked = []
    for _ in range(3):
        names(client)
        asked.append(node.methods.count("eth_call"))

    assert asked == [10, 15, 15]
    assert names(client) == {ada: ADA}


@pytest.mark.parametrize(("limits", "asked"), [(None, 10), (False, 12)])
def test_whoever_asks_too_often_is_told_what_is_known(client, ada, node, provider, limits, asked):
    if limits is not None:
        provider["RATE_LIMITS"] = limits
    names(client)
    for number in range(1, 12):
        link(number)
        assert names(client) == {ada: ADA}

    assert node.methods.count("eth_call") == asked


def test_after_a_failure_the_other_wallets_are_left_alone(client, ada, node):
    link(1)
    node.misbehave(faults.hang_up, method="eth_call", times=2)

    assert names(client) == {}
    assert node.methods.count("eth_call") == 2  # a lost connection is tried again


def test_all_wallets_share_one_time_out(client, ada, node, provider):
    provider["TIMEOUT"] = (0.2, 0.5)
    for number in range(1, 4):
        link(number)
    node.misbehave(faults.late(0.3), method="eth_call", times=4)

    names(client)

    assert node.methods.count("eth_call") < 4


def test_a_node_that_is_dead_is_left_alone_for_a_while(client, ada, node, provider):
    provider["RATE_LIMITS"] = False
    node.misbehave(faults.hang_up, method="eth_call", times=10)
    for number in range(1, 6):
        link(number)
        names(client)

    assert node.methods.count("eth_call") == 2 * THRESHOLD  # each is tried again


def test_names_that_fail_do_not_keep_contract_wallets_out(client, ada, node):
    node.misbehave(faults.hang_up, method="eth_call", times=10)
    for number in range(1, 6):
        link(number)
        names(client)

    session = rpc.session(ens.CHAIN_ID)
    assert session
    assert session.code(ens.UNIVERSAL_RESOLVER)
