"""What remains of the names if the node or the cache fails: nothing, and no error."""

import logging

import pytest

from ..chain import faults
from .common import SECRET, names

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "fault",
    [
        faults.hang_up,
        faults.cut,
        faults.html(),
        faults.html("503 Service Unavailable"),
        faults.redirect("http://127.0.0.1:9/"),
        faults.raw(b"[]"),
        faults.changed(id=7),
        faults.result(None),
        faults.result({"a": 1}),
        faults.result("0xzz"),
        faults.result("0x"),
        faults.result("0x" + "ff" * 96),
        faults.error(-32005, "limit exceeded"),
        faults.flood,
        faults.gzip_bomb,
        faults.hang,
        faults.drip,
    ],
)
@pytest.mark.parametrize("method", ["eth_chainId", "eth_call"])
def test_a_node_that_lies_or_fails_shows_no_name_and_no_url(
    client, ada, node, provider, caplog, fault, method
):
    caplog.set_level(logging.DEBUG)
    provider["TIMEOUT"] = (0.3, 0.6)
    node.misbehave(fault, method=method, times=2)  # a lost connection is tried again

    assert names(client) == {}

    assert SECRET not in caplog.text
    assert node.url not in caplog.text


def test_a_node_of_another_chain_names_nobody(client, ada, node, chain, caplog):
    chain.chain_id = 11155111

    assert names(client) == {}

    assert "eth_call" not in node.methods
    assert "ENS names were not found: node of chain 1: it is of another chain" in caplog.text


@pytest.mark.parametrize("backend", ["redis", "silent"])
def test_without_a_cache_there_are_no_names(client, ada, node, settings, backend):
    backends = {
        "redis": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        },
        "silent": {"BACKEND": "tests.test_silent_cache.SilentCache"},
    }
    settings.CACHES = {"default": backends[backend]}

    assert names(client) == {}
    assert node.calls == []
