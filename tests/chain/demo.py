"""A chain for the demo, with contract wallets of the development wallet: ``make demo-chain``."""

import signal
import sys
from typing import Any

import django

from .anvil import CHAIN_ID, Anvil
from .artifacts import Plan, plan

HOW = """
A chain is at {url}. Ada, of the development wallet, owns two contract wallets there:

  {deployed}  her contract
  {planned}  her next contract, not deployed yet: the factory
    at {factory} would do that

Run the demo beside it, and choose one of them in the development wallet:

  MORALIS_RPC={chain_id}={url} make run

Ctrl-C ends the chain, and the development wallet forgets them.
"""


def main(port: int) -> None:
    django.setup()
    from allauth_moralis.development import contracts, keys  # noqa: PLC0415 - needs the settings

    ada = keys.accounts()[0]
    with Anvil(port=port) as anvil:
        factory = anvil.deploy("Factory")
        deployed, planned = (
            plan(factory, "Owner", ada.address, salt=bytes([number]) * 32) for number in range(2)
        )
        anvil.send(deployed.factory, deployed.data)
        contracts.remember(ada, [described(deployed), described(planned, is_deployed=False)])
        addresses = {"deployed": deployed.address, "planned": planned.address}
        print(HOW.format(url=anvil.url, chain_id=CHAIN_ID, factory=factory, **addresses))
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: sys.exit())
        try:
            anvil.wait()
        finally:
            contracts.forget()


def described(wallet: Plan, *, is_deployed: bool = True) -> dict[str, Any]:
    """Return what the development wallet remembers of a wallet of Ada's."""
    return {
        "name": "Ada's contract" if is_deployed else "Ada's next contract",
        "contract": wallet.address,
        "chain_id": CHAIN_ID,
        "factory": "" if is_deployed else wallet.factory,
        "data": "" if is_deployed else "0x" + wallet.data.hex(),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
