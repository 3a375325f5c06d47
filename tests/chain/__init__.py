"""Chains for tests: ``evm`` is one in this process, and ``anvil`` a whole one where Node is."""
