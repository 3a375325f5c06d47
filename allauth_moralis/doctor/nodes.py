"""The nodes of ``RPC``, as contract wallets and ENS names need them."""

import time

from .. import conf
from ..backends.local import challenge_here
from ..ethereum import contracts, ens, rpc
from ..exceptions import ContractSaysNo
from ..siwx.chains import find
from ..siwx.wallets import EVM, MessageFields, Proof, Wallet
from ..testing import EvmWallet
from .findings import NotTried, Result, failed, passed, warning

#: Code that runs as a constructor does, and returns two words: the gas that it has left, and the
#: time of the block in which it runs. ``GAS MSTORE(0) TIMESTAMP MSTORE(32) RETURN(0, 64)``
ASK = bytes.fromhex("5a60005242602052" + "60406000f3")
WORD = 32  # bytes
#: Of the gas that a call is given, what code that does nothing has left.
ENOUGH_GAS = rpc.MAX_GAS * 9 // 10
STALE = 600  # seconds; the slowest chains make a block in each of some twelve
#: An address that has had a name for years: https://etherscan.io/address/vitalik.eth
NAMED = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"


def try_node(chain_id: int) -> Result:
    """Ask a node what the verification of a contract wallet would ask it."""
    session = rpc.session(chain_id)
    if session is None:
        raise NotTried("RPC has no such node")
    try:
        answer = session.call(ASK)
    except rpc.CallFailed:
        answer = b""
    if len(answer) != 2 * WORD:
        return failed(
            "the right chain, but it does not run code that is not deployed",
            "Contract wallets that are not deployed yet cannot sign in. Use a node that answers "
            "`eth_call` without `to`.",
        )
    if _says_yes(session, chain_id):
        return failed(
            "it says yes to a signature of nobody",
            "Do not use this node: with it, anybody can sign in as a contract wallet.",
        )
    return _judge(chain_id, int.from_bytes(answer[:WORD]), int.from_bytes(answer[WORD:]))


def _judge(chain_id: int, gas: int, block_time: int) -> Result:
    chain = find(chain_id)
    age = time.time() - block_time
    seen = (
        f"{chain.name if chain else 'the right chain'}, latest block {age:,.0f} s old, calls have "
        f"{gas / 1e6:.1f} million gas"
    )
    if age > STALE:
        return warning(seen, "The node is behind its chain: see to it, or use another one.")
    if gas < ENOUGH_GAS:
        return warning(
            seen,
            f"Raise the node's cap on the gas of calls to {rpc.MAX_GAS / 1e6:.0f} million: the "
            "signatures of some contract wallets, such as those with passkeys, need it.",
        )
    return passed(seen)


def _says_yes(session: rpc.Session, chain_id: int) -> bool:
    """Have a wallet verified that no factory makes and nobody has signed for (ERC-6492)."""
    nobody, factory = EvmWallet().address, EvmWallet().address
    fields = MessageFields(
        wallet=Wallet(EVM, nobody),
        domain="example.com",
        uri="https://example.com/",
        chain_id=chain_id,
    )
    signature = contracts.Wrapper(bytes.fromhex(factory[2:]), b"", bytes(65)).wrap()
    try:
        contracts.check(
            session, challenge_here(fields, issued_by="doctor"), Proof(signature=signature.hex())
        )
    except ContractSaysNo:
        return False
    return True


def try_names() -> Result:
    """Look up a name that has been there for years."""
    session = rpc.session(ens.CHAIN_ID)
    if session is None or not conf.current().shows_names:
        raise NotTried("names are not shown")
    name = ens.primary_name(session, NAMED)
    if not name:
        return warning(
            "no name was found for an address that has one",
            "See whether RPC[1] is Ethereum itself, and not a copy; or set ENS = False.",
        )
    return passed(f"found {name}")
