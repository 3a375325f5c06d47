"""Fixtures of devices."""

import pytest
from django.test import Client

from .common import Computer, Phone


@pytest.fixture(autouse=True)
def _on(provider):
    provider.update(CROSS_DEVICE=True, NETWORKS=["evm", "solana", "aptos"])


@pytest.fixture
def computer(client) -> Computer:
    return Computer(client)


@pytest.fixture
def phone() -> Phone:
    return Phone(Client())
