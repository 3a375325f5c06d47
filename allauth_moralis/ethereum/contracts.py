"""Ask a contract wallet whether it signed a text (ERC-1271), deployed or not yet (ERC-6492).

Sources: https://eips.ethereum.org/EIPS/eip-1271, https://eips.ethereum.org/EIPS/eip-6492
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from ..exceptions import (
    AnotherKeyOfAccount,
    ContractSaysNo,
    NoContractOnChain,
    SignatureInvalid,
)
from ..siwx.signatures import eip191_hash, evm_bytes
from ..siwx.wallets import Challenge, Proof
from . import abi, rpc

#: The selector of ``isValidSignature(bytes32,bytes)``, which is also what a yes begins with.
IS_VALID_SIGNATURE = bytes.fromhex("1626ba7e")
#: The whole word. A prefix would not do: the precompile 0x…04 returns whatever it is given.
YES = IS_VALID_SIGNATURE + bytes(28)
VALIDATOR_YES = b"\x01"
#: The end of a signature by a wallet that may not be deployed yet (ERC-6492).
WRAPPER_SUFFIX = bytes.fromhex("6492" * 16)
#: The beginning of the code of an account that delegates to a contract (EIP-7702), of 23 bytes.
DELEGATION, DELEGATION_LENGTH = bytes.fromhex("ef0100"), 23


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A signature with the call that deploys its wallet: ``abi.encode(factory, data, signature)``.

    The call comes from the visitor, so it must not be made where the wallet has code: it could
    initialise an account that is somebody else's to initialise.
    """

    factory: bytes
    data: bytes
    signature: bytes

    @classmethod
    def unwrap(cls, raw: bytes) -> Self | None:
        """Return the wrapper around a signature, or ``None`` if there is none."""
        if not raw.endswith(WRAPPER_SUFFIX):
            return None
        try:
            wrapper = cls(*abi.decode("address bytes bytes", raw.removesuffix(WRAPPER_SUFFIX)))
        except ValueError:
            raise SignatureInvalid("ERC-6492: malformed") from None
        if wrapper.signature.endswith(WRAPPER_SUFFIX):
            raise SignatureInvalid("ERC-6492: a wrapper within a wrapper")
        return wrapper

    def wrap(self) -> bytes:
        """Return the signature as its wallet gives it to sites."""
        fields = abi.encode("address bytes bytes", self.factory, self.data, self.signature)
        return fields + WRAPPER_SUFFIX


def check(session: rpc.Session, challenge: Challenge, proof: Proof) -> Proof:
    """Return the proof in the spelling that is stored, if the wallet's contract says yes to it.

    The node is asked two things: what is at the address, and the verdict. Raise
    ``SignatureInvalid`` for a no, ``ContractWalletUnsupported`` for a second key of an account, an
    ``UpstreamError`` if the node fails, and ``Misconfigured`` if it is of another chain.
    """
    raw, address = evm_bytes(proof.signature), challenge.wallet.address
    wrapper, digest = Wrapper.unwrap(raw), eip191_hash(challenge.message)
    code = session.code(address)
    if code.startswith(DELEGATION) and len(code) == DELEGATION_LENGTH:
        raise AnotherKeyOfAccount("EIP-7702")
    if code:
        accepted = _ask(session, address, digest, wrapper.signature if wrapper else raw)
    elif wrapper:
        accepted = _ask_when_deployed(session, address, digest, wrapper)
    else:
        raise NoContractOnChain("no contract at the address")
    if not accepted:
        raise ContractSaysNo("the contract says no")
    return Proof(signature=f"0x{raw.hex()}")


def _ask(session: rpc.Session, address: str, digest: bytes, signature: bytes) -> bool:
    data = IS_VALID_SIGNATURE + abi.encode("bytes32 bytes", digest, signature)
    try:
        return session.call(data, to=address) == YES
    except rpc.CallFailed:
        raise ContractSaysNo("the contract failed") from None


def _ask_when_deployed(session: rpc.Session, address: str, digest: bytes, wrapper: Wrapper) -> bool:
    """Have the validator deploy the wallet and ask it, within one call that writes nothing.

    It looks once more whether there is code, which may have been deployed since.
    """
    arguments = abi.encode(
        "address bytes32 address bytes bytes",
        bytes.fromhex(address[2:]),
        digest,
        wrapper.factory,
        wrapper.data,
        wrapper.signature,
    )
    try:
        return session.call(_validator() + arguments) == VALIDATOR_YES
    except rpc.CallFailed:
        raise ContractSaysNo("the contract failed while it was deployed") from None


@cache
def _validator() -> bytes:
    """Return the code of ``validator.sol``, which runs as the constructor of nothing."""
    return bytes.fromhex(Path(__file__).with_name("validator.hex").read_text())
