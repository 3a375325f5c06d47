"""The refusals, sorted by who must act: the visitor, the service, the site's operator.

Each error has a stable ``code``, the HTTP ``status`` that goes with it, and a translated
``message`` for people. No error's text ever contains input from outside: it is shown and logged
unescaped.
"""

from collections.abc import Iterator
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class WalletError(Exception):
    """Base class of all refusals: the reason why a request is not carried out.

    ``detail`` says in a few words what was wrong. It is for the log only and never shown on a page.
    ``retry_after`` is a number of seconds, where it is known.
    """

    code: str
    status: HTTPStatus
    message: str | Promise

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.retry_after = retry_after


# --- The visitor, their browser or their wallet can put it right ------------------------------


class InvalidRequest(WalletError):
    code = "invalid_request"
    status = HTTPStatus.BAD_REQUEST
    message = _("The request could not be understood. Please start again.")


class InvalidAddress(WalletError):
    code = "invalid_address"
    status = HTTPStatus.BAD_REQUEST
    message = _("That is not a valid wallet address.")


class AddressOfAnotherKey(InvalidAddress):
    message = _(
        "This account's key was changed, or it needs several keys, and this site cannot verify "
        "that. Please choose another account."
    )


class UnsupportedNetwork(WalletError):
    code = "unsupported_network"
    status = HTTPStatus.BAD_REQUEST
    message = _("This site does not accept wallets of this network. Please choose another wallet.")


class NetworkRefusedByService(UnsupportedNetwork):
    message = _(
        "The verification service of this site does not accept wallets of this network. Please "
        "choose another wallet."
    )


class UnsupportedChain(WalletError):
    code = "unsupported_chain"
    status = HTTPStatus.BAD_REQUEST
    message = _(
        "This site does not accept this chain. Please switch your wallet to another chain and try "
        "again."
    )


class ChainRefusedByService(UnsupportedChain):
    message = _(
        "The verification service of this site does not accept this chain. Please switch your "
        "wallet to another chain and try again."
    )


class LoginRequired(WalletError):
    code = "login_required"
    status = HTTPStatus.FORBIDDEN
    message = _("Please sign in first, and then try again.")


class SignInIsOld(LoginRequired):
    message = _(
        "It has been a while since you signed in. Please sign out, sign in again, and then link "
        "the wallet."
    )


class ConfirmFirst(LoginRequired):
    message = _(
        "It has been a while since you signed in. Please reload this page to confirm that it is "
        "you, and then link the wallet."
    )


class RateLimited(WalletError):
    code = "rate_limited"
    status = HTTPStatus.TOO_MANY_REQUESTS
    message = _("Too many attempts in a short time. Please wait a minute and try again.")


class WalletNotLinked(WalletError):
    code = "wallet_not_linked"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This wallet is not linked to your account. Please confirm with one that is, or link this "
        "one first."
    )


class WalletOfAnotherChain(WalletNotLinked):
    message = _(
        "Your account has this address as a wallet on another chain. Please switch your wallet to "
        "that chain, and start again."
    )


class WalletAlreadyLinked(WalletError):
    code = "wallet_already_linked"
    status = HTTPStatus.CONFLICT
    message = _(
        "This wallet is already linked to your account. To link another one, choose another "
        "account in your wallet, and try again."
    )


class DeviceNumberWrong(WalletError):
    code = "device_number_wrong"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "That is not the number that the other device shows. Look at its screen, and try again."
    )


class DeviceNumberWrongTooOften(DeviceNumberWrong):
    message = _(
        "That is not the number that the other device shows. Its code is no longer valid, because "
        "three numbers were wrong. Show a new code there, and scan that."
    )


class ChallengeMissing(WalletError):
    code = "challenge_missing"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This signature request was already used, or it was made in another browser. Please start "
        "again."
    )


class DeviceRequestOver(ChallengeMissing):
    """The code of another device is unknown, used, or out of time."""

    message = _(
        "The code that you scanned was already used, or its time has run out. Show a new one on "
        "the other device, and scan that."
    )


class CsrfFailed(WalletError):
    code = "csrf_failed"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This page was out of date, so it was reloaded. Please start again. If that does not help, "
        "allow this site to use cookies."
    )


class PageIsOld(CsrfFailed):
    """The same, told to a script, which cannot make the page a new one."""

    message = _("This page is out of date. Reload it and try again.")


class ChallengeExpired(WalletError):
    code = "challenge_expired"
    status = HTTPStatus.FORBIDDEN
    message = _("The time to sign has run out. Please start again.")


class SignatureInvalid(WalletError):
    code = "signature_invalid"
    status = HTTPStatus.UNAUTHORIZED
    message = _(
        "The signature does not belong to this wallet. Please start again, and sign with the "
        "account that you chose."
    )


class SignatureOfAnotherKey(SignatureInvalid):
    """It has the form of a key's signature. A contract may have made it, if a node can be asked."""

    message = _(
        "The signature does not belong to this wallet. Please start again, and sign with the "
        "account that you chose. Smart wallets (contract wallets) cannot be used here on this "
        "chain."
    )


class NoContractOnChain(SignatureInvalid):
    message = _(
        "The signature does not belong to this wallet. If it is a smart wallet, it may not exist "
        "on the chain that your wallet is set to: switch to the chain that you use it on, and "
        "start again."
    )


class ContractSaysNo(SignatureInvalid):
    message = _(
        "Your smart wallet did not accept this signature. If it has several owners, all the "
        "signatures that it needs must be there. Please start again."
    )


class ContractWalletUnsupported(WalletError):
    code = "contract_wallet_unsupported"
    status = HTTPStatus.BAD_REQUEST
    message = _(
        "This is the signature of a smart wallet (contract wallet), which this site does not "
        "accept on this chain. Please start again with another wallet or on another chain."
    )


class SignatureOfContract(ContractWalletUnsupported):
    """It cannot be a key's signature. A contract may have made it, if a node can be asked."""


class SignedOnChain(ContractWalletUnsupported):
    message = _(
        "Your smart wallet signed the text on its chain, which this site does not accept. Set it "
        "to sign off-chain, and start again."
    )


class AnotherKeyOfAccount(ContractWalletUnsupported):
    message = _(
        "Your wallet signed with another key than the account's own, such as a passkey. This site "
        "accepts only the account's own key. Please sign with that, or choose another account."
    )


# --- The verification service is at fault, or out of reach ------------------------------------


class UpstreamError(WalletError):
    """The verification service failed."""


class UpstreamRejected(UpstreamError):
    code = "upstream_rejected"
    status = HTTPStatus.BAD_GATEWAY
    message = _("The verification service did not answer as expected. Please try again.")


class ResponseTooLarge(UpstreamRejected):
    """Its bytes were not read to the end."""


class UpstreamUnavailable(UpstreamError):
    code = "upstream_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    message = _("The verification service is not responding. Please try again in a minute.")


# --- The site's operator must act ------------------------------------------------------------


class Misconfigured(WalletError):
    code = "misconfigured"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    message = _(
        "Signing in with a wallet is not set up correctly here. Please tell the people who run "
        "this site."
    )


class StorageUnavailable(Misconfigured):
    """The database or the cache does not answer."""

    message = _("This site cannot reach its own data right now. Please try again in a few minutes.")


def _kinds(kind: type[WalletError]) -> Iterator[type[WalletError]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _kinds(derived)


#: The error of each code. Errors that inherit their code, to say more, are not in here.
BY_CODE = {kind.code: kind for kind in _kinds(WalletError) if "code" in vars(kind)}
#: Every error by its name, to tell of the same refusal once more.
BY_NAME = {kind.__name__: kind for kind in _kinds(WalletError)}
