"""A kit for a site's own tests: wallets that sign, and a whole sign-in in one call.

``factories`` makes users who have a wallet, ``browser`` puts wallets into the browsers of
Playwright and Selenium, and ``fixtures`` is a pytest plugin that a site names in its
``conftest.py``. No sign-in imports this kit; beside tests, the doctor signs with its wallets.
"""

from .ceremony import (
    HeadlessClient,
    IssuedChallenge,
    answer,
    obtain_challenge,
    refusal_code,
    request_challenge,
    sign_in,
)
from .contract_wallets import ContractWallet, wrap_signature
from .wallets import AptosWallet, EvmWallet, SigningWallet, SolanaWallet

__all__ = [
    "AptosWallet",
    "ContractWallet",
    "EvmWallet",
    "HeadlessClient",
    "IssuedChallenge",
    "SigningWallet",
    "SolanaWallet",
    "answer",
    "obtain_challenge",
    "refusal_code",
    "request_challenge",
    "sign_in",
    "wrap_signature",
]
