"""A whole sign-in at each site, as its own page does it."""

from collections.abc import Callable
from datetime import UTC, datetime

from coincurve import PrivateKey

from allauth_moralis.siwx.signatures import eip191_hash, keccak256
from allauth_moralis.siwx.wallets import eip55

from .browsers import RANDOM, Browser


class Visitor:
    """Somebody with a wallet, and a number for sites that ask for that.

    It is not the wallet of ``allauth_moralis.testing``, for which allauth must be there.
    """

    def __init__(self) -> None:
        self._key = PrivateKey()
        public = self._key.public_key.format(compressed=False)[1:]
        self.address = eip55(keccak256(public)[12:].hex())
        self.number = RANDOM.randrange(1, 2**31)

    def sign(self, message: str) -> str:
        signature = self._key.sign_recoverable(eip191_hash(message), hasher=None)
        return f"0x{signature[:64].hex()}{27 + signature[64]:02x}"


Visit = Callable[[Browser, Visitor], None]


def wallet(browser: Browser, visitor: Visitor) -> None:
    browser.get("/accounts/moralis/login/")
    asked = {"network": "evm", "address": visitor.address, "chain_id": 1, "process": "login"}
    given = browser.post_json("/accounts/moralis/challenge/", asked)
    proof = {"challenge": given["challenge"], "signature": visitor.sign(given["message"])}
    browser.post_form("/accounts/moralis/verify/", proof)


def dummy(browser: Browser, visitor: Visitor) -> None:
    form = browser.get("/accounts/dummy/login/", status=302).header("location")
    browser.get(form)
    # With a name, as a wallet has one: those that allauth makes up collide for people at once.
    name = f"visitor{visitor.number}"
    browser.post_form(form, {"id": visitor.number, "username": name})


def siwe(browser: Browser, visitor: Visitor) -> None:
    browser.get("/login/")
    given = browser.get("/siwe/nonce/").json()
    message = (
        f"{given['domain']} wants you to sign in with your Ethereum account:\n{visitor.address}\n\n"
        f"{given['statement']}\n\nURI: {given['uri']}\nVersion: 1\nChain ID: 1\n"
        f"Nonce: {given['nonce']}\nIssued At: {datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    )
    browser.post_json("/siwe/verify/", {"message": message, "signature": visitor.sign(message)})


def tutorial(browser: Browser, visitor: Visitor) -> None:
    browser.get("/login/")
    given = browser.post_json("/request_message/", {"address": visitor.address})
    message = given["message"]
    browser.post_json("/verify_message/", {"message": message, "signature": visitor.sign(message)})


VISITS: dict[str, Visit] = {visit.__name__: visit for visit in (wallet, dummy, siwe, tutorial)}
