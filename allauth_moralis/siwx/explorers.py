"""Public block explorers, on which people can look up an address."""

from typing import Final

from .wallets import APTOS, MAINNET, SOLANA, Wallet

EVM_EXPLORERS: Final = {
    1: "https://etherscan.io",
    10: "https://optimistic.etherscan.io",
    25: "https://cronoscan.com",
    56: "https://bscscan.com",
    97: "https://testnet.bscscan.com",
    100: "https://gnosisscan.io",
    137: "https://polygonscan.com",
    250: "https://ftmscan.com",
    1284: "https://moonscan.io",
    8453: "https://basescan.org",
    42161: "https://arbiscan.io",
    43114: "https://snowtrace.io",
    59144: "https://lineascan.build",
    80002: "https://amoy.polygonscan.com",
    11155111: "https://sepolia.etherscan.io",
}
#: It searches many EVM chains at once, and so serves the chains that are not in the table.
ANY_EVM_EXPLORER: Final = "https://blockscan.com"


def address_url(wallet: Wallet, chain_id: int | None) -> str:
    if wallet.network == SOLANA:
        return f"https://explorer.solana.com/address/{wallet.address}"
    if wallet.network == APTOS:
        return f"https://explorer.aptoslabs.com/account/{wallet.address}?network={MAINNET}"
    # A row that was edited by hand may hold a list there, which cannot be looked up in a table.
    chain = chain_id or 1 if isinstance(chain_id, int | None) else None
    base = ANY_EVM_EXPLORER if chain is None else EVM_EXPLORERS.get(chain, ANY_EVM_EXPLORER)
    return f"{base}/address/{wallet.address}"
