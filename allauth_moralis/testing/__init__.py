"""A kit for a site's own tests: wallets that sign, and a whole sign-in in one call.

``factories`` makes users who have a wallet, ``browser`` puts wallets into Playwright's and
Selenium's browsers, and ``fixtures`` is a plugin for pytest that a site loads by naming it.
Nothing of the package imports this kit.
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
from .wallets import AptosWallet, EvmWallet, SigningWallet, SolanaWallet

__all__ = [
    "AptosWallet",
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
]
