"""The challenge in allauth's envelope, for browser and app clients, and proving again.

To sign in, or to link, the answer goes to allauth's own ``…/auth/provider/token``, which asks
``MoralisProvider.verify_token``. allauth has no endpoint that would take it to reauthenticate.
"""

from http import HTTPStatus

from allauth.core.exceptions import ReauthenticationRequired
from allauth.headless.base.response import APIResponse, AuthenticationResponse
from allauth.headless.base.views import APIView, AuthenticatedAPIView
from allauth.headless.constants import Client
from django.http import HttpRequest, HttpResponse, JsonResponse

from .. import forms
from ..exceptions import WalletError
from ..internal import events, flows, tokens
from ..internal.allauth_private import has_second_factor
from ..internal.responses import STATUS, View, body_of, bounded, describe, with_retry_after
from ..reauthentication import REAUTHENTICATE


class ChallengeView(APIView):
    # The body is parsed by our own rules, which know what a deep or a huge one is.
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        asked: forms.ChallengeRequest | None = None
        try:
            asked = forms.parse_challenge_request(body_of(request))
            handle, pending = flows.issue_challenge(request, asked)
        except WalletError as error:
            events.wallet_refused(request, error, asked.wallet if asked else None)
            return _refusal(request, error, STATUS[error.code])
        response: HttpResponse = APIResponse(request, data=describe(handle, pending))
        return response


class ReauthenticateView(AuthenticatedAPIView):
    """Confirm one's access with a linked wallet, as allauth's own endpoints do by other means."""

    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            tokens.judge(request, body_of(request), REAUTHENTICATE)
        except WalletError as error:
            # As allauth refuses a wrong password here; its 401 says that one must sign in.
            visitors = STATUS[error.code] < HTTPStatus.TOO_MANY_REQUESTS
            status = HTTPStatus.BAD_REQUEST if visitors else STATUS[error.code]
            return _refusal(request, error, status)
        if has_second_factor(request.user):
            # The proof counts for the site's own views; allauth wants the other, and says so.
            raise ReauthenticationRequired
        response: HttpResponse = AuthenticationResponse(request)
        return response


def api_view(view_class: type[APIView], client: Client) -> View:
    view: View = view_class.as_api_view(client=client)
    return bounded(_refuse, csrf=client == Client.BROWSER)(view)


def _refusal(request: HttpRequest, error: WalletError, status: int) -> HttpResponse:
    return with_retry_after(APIResponse(request, errors=_errors(error), status=status), error)


def _refuse(request: HttpRequest, error: WalletError) -> HttpResponse:
    """In the same envelope, before allauth has made its own of the request."""
    events.wallet_refused(request, error, None)
    status = STATUS[error.code]
    return JsonResponse({"status": status, "errors": _errors(error)}, status=status)


def _errors(error: WalletError) -> list[dict[str, str]]:
    return [{"code": error.code, "message": str(error.message)}]
