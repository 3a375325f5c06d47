"""``/profile/…`` and ``/bind/…``: which addresses belong together, said by those who sign for them.

The texts are those of the service's description. They name no site, no chain and no time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .. import messages
from ..messages import AptosWrapper
from ..wallets import Challenge, SignIn, Wallet
from .accounts import wallet_of
from .answers import BAD_REQUEST, CREATED, NOT_FOUND, Answer, Body, Call, Refused, refuse_if
from .challenges import NOT_FOUND_TEXT, check_signature, read_proof
from .memory import Expiring
from .profiles import Account, Profiles
from .validation import check_bind, check_bind_verify, check_profile, check_signed, check_unbind

#: How long a text can be answered is not known: the longest time that a challenge can have.
LIFETIME = 120  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """The texts of one bind or unbind: who must sign each, and the profiles that they were for."""

    signers: Mapping[str, Wallet]
    profiles: Mapping[Account, str]


class Binding:
    def __init__(self, profiles: Profiles) -> None:
        self.profiles = profiles
        self.ceremonies: Expiring[Ceremony] = Expiring()

    def addresses(self, profile: str, call: Call) -> Answer:
        refuse_if(check_profile(profile))
        found = self.profiles.addresses(call.customer, profile)
        if not found and call.behaviour.unknown_profile == "not_found":
            raise Refused(NOT_FOUND, "Profile not found")
        return call.behaviour.addresses_status, found

    def bind(self, call: Call) -> Answer:
        refuse_if(check_bind(call.body, call.behaviour))
        wallets = [wallet_of(body["blockchainType"], body) for body in call.body["addresses"]]
        accounts = [Account.of(call, wallet) for wallet in wallets]
        if accounts[0] == accounts[1]:  # what the service says to that is not known
            raise Refused(BAD_REQUEST, ["All addresses's elements must be unique"])
        profiles = {account: self.profiles.of(account) for account in accounts}
        nonce = messages.new_nonce()  # one for both, as in the examples
        texts = []
        # Each text binds the other address' profile with the address that signs it: which profile
        # stands in which text is not known, nor whether both stand in both.
        for wallet, other in zip(wallets, reversed(accounts), strict=True):
            both = call.behaviour.bind_profiles == "both"
            named = [*dict.fromkeys(profiles.values())] if both else [profiles[other]]
            texts.append(bind_text(named, wallet.address, nonce))
        self._keep(
            Ceremony(signers=dict(zip(texts, wallets, strict=True)), profiles=profiles), call
        )
        return CREATED, {"messages": texts}

    def verify_bind(self, call: Call) -> Answer:
        refuse_if(check_bind_verify(call.body, call.behaviour))
        ceremony = self._signed(call, call.body["verifications"])
        return CREATED, {"profileId": self.profiles.merge(list(ceremony.profiles))}

    def unbind(self, call: Call) -> Answer:
        refuse_if(check_unbind(call.body, call.behaviour))
        wallet = wallet_of(call.body["blockchainType"], call.body)
        account, profile = Account.of(call, wallet), call.body["profileId"]
        if self.profiles.of(account) != profile:  # the service's words for it are not known
            raise Refused(BAD_REQUEST, "Address does not belong to the profile")
        text = unbind_text(profile, wallet.address, messages.new_nonce())
        self._keep(Ceremony(signers={text: wallet}, profiles={account: profile}), call)
        return CREATED, {"message": text}

    def verify_unbind(self, call: Call) -> Answer:
        refuse_if(check_signed(call.body))
        (account,) = self._signed(call, [call.body]).profiles
        return CREATED, {"profileId": self.profiles.separate(account)}

    def _keep(self, ceremony: Ceremony, call: Call) -> None:
        for text in ceremony.signers:
            self.ceremonies.keep(text, ceremony, now=call.now, seconds=LIFETIME)

    def _signed(self, call: Call, bodies: list[Body]) -> Ceremony:
        """The ceremony all of whose texts were signed, in any order. Raises ``Refused``."""
        proofs = dict(read_proof(body) for body in bodies)
        ceremony = self.ceremonies.get(next(iter(proofs)), now=call.now)
        if ceremony is None or proofs.keys() != ceremony.signers.keys():
            raise Refused(BAD_REQUEST, NOT_FOUND_TEXT)
        # A text of another customer, or one that names a profile which is no more.
        for account, profile in ceremony.profiles.items():
            if account.customer != call.customer or self.profiles.of(account) != profile:
                raise Refused(BAD_REQUEST, NOT_FOUND_TEXT)
        for text, proof in proofs.items():
            signer = ceremony.signers[text]
            check_signature(call, _as_challenge(signer, text, proof.full_message), proof)
        if call.behaviour.single_use and None in [self.ceremonies.pop(text) for text in proofs]:
            raise Refused(BAD_REQUEST, NOT_FOUND_TEXT)
        return ceremony


def bind_text(profiles: list[str], address: str, nonce: str) -> str:
    listed = "\n".join(f"- {profile}" for profile in profiles)
    return (
        f"Please sign this message to bind:\nProfile Ids:\n{listed}\n\nwith\n\n"
        f"Address: {address}\nNonce: {nonce}"
    )


def unbind_text(profile: str, address: str, nonce: str) -> str:
    return (
        f"Please sign this message to unbind:\nAddress: {address}\nfrom\n"
        f"Profile Id:\n- {profile}\nNonce: {nonce}"
    )


def _as_challenge(signer: Wallet, text: str, full_message: str | None) -> Challenge:
    """In the form in which a signature is judged. The text names no site, so whichever an Aptos
    wallet names in its wrapper will do.
    """
    wrapper = AptosWrapper.parse(full_message) if full_message else None
    return Challenge(
        asked=SignIn(wallet=signer, domain="", uri=(wrapper and wrapper.application) or ""),
        nonce="",
        issued_at="",
        message=text,
        id="",
        profile_id=None,
        issued_by="emulator",
    )
