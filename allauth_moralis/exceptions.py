"""What can go wrong, sorted by who must act: the visitor, the site's operator, the service.

Each error has a stable ``code``, the HTTP status that goes with it, and one sentence for people. No
error's text ever holds what came from outside: it is shown and logged as it stands.
"""

from collections.abc import Iterator
from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class WalletError(Exception):
    """Nobody gets in, and this is why.

    ``detail`` is for the log alone, never for a page: a word or two on what differed.
    """

    code: str
    status: HTTPStatus
    message: str | Promise

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.retry_after = retry_after  # seconds, where it is known


# --- The visitor (or their browser, or their wallet) can mend it -----------------------------


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
        "This account's key was changed, or it needs several keys. Such accounts cannot be checked "
        "here. Choose another account."
    )


class UnsupportedNetwork(WalletError):
    code = "unsupported_network"
    status = HTTPStatus.BAD_REQUEST
    message = _("Wallets of this network are not accepted by this site. Choose another wallet.")


class NetworkRefusedByService(UnsupportedNetwork):
    message = _(
        "Wallets of this network are not accepted by the verification service that this site uses. "
        "Choose another wallet."
    )


class UnsupportedChain(WalletError):
    code = "unsupported_chain"
    status = HTTPStatus.BAD_REQUEST
    message = _(
        "This chain is not accepted by this site. Switch your wallet to another one and try again."
    )


class ChainRefusedByService(UnsupportedChain):
    message = _(
        "This chain is not accepted by the verification service that this site uses. Switch your "
        "wallet to another one and try again."
    )


class LoginRequired(WalletError):
    code = "login_required"
    status = HTTPStatus.FORBIDDEN
    message = _("Sign in first. Then you can link a wallet to your account.")


class SignInIsOld(LoginRequired):
    message = _(
        "You signed in some time ago. Sign out, sign in again, and then link the wallet to your "
        "account."
    )


class ConfirmFirst(LoginRequired):
    message = _(
        "You signed in some time ago. Reload this page to confirm that it is you, and then link "
        "the wallet."
    )


class RateLimited(WalletError):
    code = "rate_limited"
    status = HTTPStatus.TOO_MANY_REQUESTS
    message = _("There were too many attempts in a short time. Wait a minute and try again.")


class WalletNotLinked(WalletError):
    code = "wallet_not_linked"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This wallet is not linked to your account. Confirm with a wallet that is, or link this "
        "one first."
    )


class ChallengeMissing(WalletError):
    code = "challenge_missing"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This sign-in was already used, or it was started in another browser. Please start again."
    )


class CsrfFailed(WalletError):
    code = "csrf_failed"
    status = HTTPStatus.FORBIDDEN
    message = _(
        "This page was older than the last sign-in in this browser. It is up to date now: please "
        "start again."
    )


class PageIsOld(CsrfFailed):
    """The same, told to a script, which cannot make the page a new one."""

    message = _("This page is out of date. Reload it and try again.")


class ChallengeExpired(WalletError):
    code = "challenge_expired"
    status = HTTPStatus.FORBIDDEN
    message = _("The time to sign ran out. Please start again.")


class SignatureInvalid(WalletError):
    code = "signature_invalid"
    status = HTTPStatus.UNAUTHORIZED
    message = _(
        "The signature does not belong to this wallet. Nobody was signed in. Please start again, "
        "and sign with the wallet account that you chose. Smart wallets (contract wallets) cannot "
        "be used."
    )


class ContractWalletUnsupported(WalletError):
    code = "contract_wallet_unsupported"
    status = HTTPStatus.BAD_REQUEST
    message = _(
        "This is the signature of a smart wallet (contract wallet), and this site can only check "
        "wallets that have a key of their own. Nobody was signed in. Please start again with "
        "another wallet."
    )


# --- The service behind is at fault, or out of reach -----------------------------------------


class UpstreamError(WalletError):
    """The service let us down."""


class UpstreamRejected(UpstreamError):
    code = "upstream_rejected"
    status = HTTPStatus.BAD_GATEWAY
    message = _("The verification service gave an answer that cannot be used. Please try again.")


class UpstreamUnavailable(UpstreamError):
    code = "upstream_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    message = _("The verification service does not answer right now. Please try again in a minute.")


# --- The site's operator must act ------------------------------------------------------------


class Misconfigured(WalletError):
    code = "misconfigured"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    message = _("Signing in with a wallet is not set up correctly here. Please tell the site.")


def _with_code(kind: type[WalletError]) -> Iterator[type[WalletError]]:
    for derived in kind.__subclasses__():
        if "code" in vars(derived):
            yield derived
        yield from _with_code(derived)


#: By its code, the error that means just that; those derived from it say more.
BY_CODE = {kind.code: kind for kind in _with_code(WalletError)}
