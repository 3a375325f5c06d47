"""Challenges and reauthentication for browser and app clients, in allauth's envelope.

To sign in, or to link a wallet, the proof goes to allauth's own ``…/auth/provider/token``, which
calls ``MoralisProvider.verify_token``. allauth has no endpoint that accepts it to reauthenticate.
"""

from http import HTTPStatus

from allauth.core.exceptions import ReauthenticationRequired
from allauth.headless.base.response import APIResponse, AuthenticationResponse
from allauth.headless.base.views import APIView, AuthenticatedAPIView
from allauth.headless.constants import Client
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers

from .. import forms, reauthentication
from ..exceptions import CsrfFailed, PageIsOld, WalletError
from ..internal import flows, tokens
from ..internal.responses import View, describe, json_of, refusals
from ..siwx.wallets import VerifiedWallet


class ChallengeView(APIView):
    # The body is parsed by our own rules, which refuse one that is nested deeply or huge.
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        challenge_request = forms.parse_challenge_request(json_of(request))
        handle, pending = flows.issue_challenge(request, challenge_request)
        response: HttpResponse = APIResponse(request, data=describe(handle, pending))
        return response


class ReauthenticateView(AuthenticatedAPIView):
    """Reauthenticate with a linked wallet, as allauth's own views do by other means."""

    handle_json_input = False
    http_method_names = ("post", "options")
    max_body = forms.MAX_PROOF_BODY

    def post(self, request: HttpRequest) -> HttpResponse:
        verified, _ = tokens.verify_json(
            request, json_of(request), process=reauthentication.REAUTHENTICATE
        )
        return confirmed(request, verified)


def confirmed(request: HttpRequest, verified: VerifiedWallet) -> HttpResponse:
    """Reauthenticate the user who is signed in with a wallet that was verified."""
    reauthentication.confirm(request, verified.wallet)
    if not reauthentication.may_confirm_by_wallet(request.user):
        # The proof counts for the site's own views, but allauth requires the second factor.
        raise ReauthenticationRequired
    response: HttpResponse = AuthenticationResponse(request)
    return response


def envelope(error: WalletError, status: HTTPStatus) -> HttpResponse:
    """Return a refusal as allauth writes its own."""
    errors = [{"code": error.code, "message": str(error.message)}]
    response = JsonResponse({"status": status, "errors": errors}, status=status)
    add_never_cache_headers(response)
    return response


def api_view(view_class: type[APIView], client: Client) -> View:
    def refuse(_request: HttpRequest, error: WalletError) -> HttpResponse:
        """Make the envelope here: not every request that is refused has got as far as allauth."""
        if isinstance(error, CsrfFailed):
            return envelope(PageIsOld(), error.status)
        status = error.status
        if view_class is ReauthenticateView and status < HTTPStatus.TOO_MANY_REQUESTS:
            # As allauth refuses a wrong password here; its 401 means that the user must sign in.
            status = HTTPStatus.BAD_REQUEST
        return envelope(error, status)

    view: View = view_class.as_api_view(client=client)
    max_body = getattr(view_class, "max_body", forms.MAX_BODY)
    # No transaction waits for a service or a node: what is written here is one row at most.
    return transaction.non_atomic_requests(
        refusals(refuse, csrf=client == Client.BROWSER, max_body=max_body)(view)
    )
