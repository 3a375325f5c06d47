"""Fixtures of networks."""

import pytest


@pytest.fixture(autouse=True)
def _every_network(provider):
    provider["NETWORKS"] = ["evm", "solana", "aptos"]
