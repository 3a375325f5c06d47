"""EVM chains by their names, and the block explorers on which people can look up an address."""

from typing import Final, NamedTuple

from .wallets import APTOS, MAINNET, SOLANA, Wallet


class Chain(NamedTuple):
    """A chain as people know it. Names are not translated."""

    name: str
    explorer: str


#: By EIP-155 chain id.
CHAINS: Final = {
    1: Chain("Ethereum", "https://etherscan.io"),
    10: Chain("OP Mainnet", "https://optimistic.etherscan.io"),
    25: Chain("Cronos", "https://explorer.cronos.org"),
    56: Chain("BNB Smart Chain", "https://bscscan.com"),
    97: Chain("BNB Smart Chain Testnet", "https://testnet.bscscan.com"),
    100: Chain("Gnosis", "https://gnosisscan.io"),
    130: Chain("Unichain", "https://uniscan.xyz"),
    137: Chain("Polygon", "https://polygonscan.com"),
    146: Chain("Sonic", "https://sonicscan.org"),
    250: Chain("Fantom", "https://ftmscan.com"),
    324: Chain("ZKsync Era", "https://explorer.zksync.io"),
    480: Chain("World Chain", "https://worldscan.org"),
    1284: Chain("Moonbeam", "https://moonscan.io"),
    5000: Chain("Mantle", "https://mantlescan.xyz"),
    8453: Chain("Base", "https://basescan.org"),
    42161: Chain("Arbitrum One", "https://arbiscan.io"),
    42220: Chain("Celo", "https://celoscan.io"),
    43114: Chain("Avalanche", "https://snowtrace.io"),
    59144: Chain("Linea", "https://lineascan.build"),
    80002: Chain("Polygon Amoy", "https://amoy.polygonscan.com"),
    84532: Chain("Base Sepolia", "https://sepolia.basescan.org"),
    534352: Chain("Scroll", "https://scrollscan.com"),
    11155111: Chain("Sepolia", "https://sepolia.etherscan.io"),
}
#: It searches many EVM chains at once, and so serves the chains that are not in the table.
ANY_EVM_EXPLORER: Final = "https://blockscan.com"


def find(chain_id: object) -> Chain | None:
    """Return the chain of an id, if it is a well-known one.

    A row that was edited by hand may hold a list there, which cannot be looked up in a table.
    """
    return CHAINS.get(chain_id) if isinstance(chain_id, int) else None


def address_url(wallet: Wallet, signed_on: object = None) -> str:
    """Return where an address can be looked up.

    ``signed_on`` is the chain for which a wallet with a key has signed, and 1 where it is missing.
    """
    if wallet.network == SOLANA:
        return f"https://explorer.solana.com/address/{wallet.address}"
    if wallet.network == APTOS:
        return f"https://explorer.aptoslabs.com/account/{wallet.address}?network={MAINNET}"
    chain = find(wallet.chain_id or signed_on or 1)
    return f"{chain.explorer if chain else ANY_EVM_EXPLORER}/address/{wallet.address}"
