"""Contract wallets that the development wallet's accounts own, on a chain of this machine.

Whoever starts such a chain (``make demo-chain``) remembers its wallets here, beside the secret of
the keys, and forgets them with the chain. They are offered where ``RPC`` has a node of the chain.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import conf
from ..ethereum.contracts import Wrapper
from ..exceptions import ChallengeMissing
from ..siwx.wallets import Challenge
from . import keys


@dataclass(frozen=True)
class ContractAccount(keys.Account):
    """A contract that accepts the signatures of an account's key.

    Where ``factory`` is not empty, calling it with ``data`` deploys the contract, which has not
    been done: the signature says so (ERC-6492).
    """

    contract: str
    chain_id: int
    factory: str
    data: str

    @property
    def address(self) -> str:
        return self.contract

    def sign(self, challenge: Challenge) -> str:
        """Sign as an account does, for the contract's own chain alone."""
        if challenge.fields.chain_id != self.chain_id:
            raise ChallengeMissing("for another chain")
        signature = super().sign(challenge)
        if not self.factory:
            return signature
        parts = (self.factory, self.data, signature)
        wrapper = Wrapper(*(bytes.fromhex(part[2:]) for part in parts))
        return f"0x{wrapper.wrap().hex()}"


def accounts() -> list[ContractAccount]:
    """Return the contract wallets on chains that this site has a node of."""
    if not _path().exists():
        return []
    owners = {account.address: account.key for account in keys.accounts()}
    return [
        ContractAccount(key=owners[owner], **wallet)
        for owner, wallet in json.loads(_path().read_text())
        # Another copy of the site may have started the chain. It has other keys.
        if owner in owners and wallet["chain_id"] in conf.current().rpc
    ]


def remember(owner: keys.Account, wallets: list[dict[str, Any]]) -> None:
    """Offer wallets of this owner: the fields of ``ContractAccount``, all but the key."""
    _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _path().write_text(json.dumps([(owner.address, wallet) for wallet in wallets]))


def forget() -> None:
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return keys.secret_path().with_name("development-contracts.json")
