"""The names of EVM chains, as wallets show them."""

from typing import Final

NAMES: Final = {
    1: "Ethereum",
    10: "OP Mainnet",
    25: "Cronos",
    56: "BNB Smart Chain",
    97: "BNB Smart Chain Testnet",
    100: "Gnosis",
    137: "Polygon",
    250: "Fantom",
    1284: "Moonbeam",
    8453: "Base",
    42161: "Arbitrum One",
    43114: "Avalanche",
    59144: "Linea",
    80002: "Amoy",
    11155111: "Sepolia",
}


def name_of(chain_id: int) -> str:
    return NAMES.get(chain_id, str(chain_id))
