"""The challenge in allauth's envelope, for browser and app clients, and reauthentication.

To sign in, or to link, the answer goes to allauth's own ``…/auth/provider/token``, which asks
``MoralisProvider.verify_token``. allauth has no endpoint that would take it to reauthenticate.
"""

from http import HTTPStatus

from allauth.core.exceptions import ReauthenticationRequired
from allauth.headless.base.response import APIResponse, AuthenticationResponse
from allauth.headless.base.views import APIView, AuthenticatedAPIView
from allauth.headless.constants import Client
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers

from .. import forms, reauthentication
from ..exceptions import WalletError
from ..internal import flows, tokens
from ..internal.responses import View, body_of, describe, refusals


class ChallengeView(APIView):
    # The body is parsed by our own rules, which know what a deep or a huge one is.
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = forms.parse_challenge_request(body_of(request))
        handle, pending = flows.issue_challenge(request, asked)
        response: HttpResponse = APIResponse(request, data=describe(handle, pending))
        return response


class ReauthenticateView(AuthenticatedAPIView):
    """Confirm by a linked wallet that it is still them, as allauth's own do by other means."""

    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        verified, _ = tokens.judge(
            request, body_of(request), process=reauthentication.REAUTHENTICATE
        )
        reauthentication.confirm(request, verified.wallet.address)
        if not reauthentication.may_confirm_by_wallet(request.user):
            # The proof counts for the site's own views; allauth wants the other, and says so.
            raise ReauthenticationRequired
        response: HttpResponse = AuthenticationResponse(request)
        return response


def api_view(view_class: type[APIView], client: Client) -> View:
    def refuse(_request: HttpRequest, error: WalletError) -> HttpResponse:
        """In allauth's envelope, which it has not made of every request that is refused."""
        status = error.status
        if view_class is ReauthenticateView and status < HTTPStatus.TOO_MANY_REQUESTS:
            # As allauth refuses a wrong password here; its 401 says that one must sign in.
            status = HTTPStatus.BAD_REQUEST
        errors = [{"code": error.code, "message": str(error.message)}]
        response = JsonResponse({"status": status, "errors": errors}, status=status)
        add_never_cache_headers(response)
        return response

    view: View = view_class.as_api_view(client=client)
    max_body = forms.MAX_ANSWER if view_class is ReauthenticateView else forms.MAX_BODY
    return refusals(refuse, csrf=client == Client.BROWSER, max_body=max_body)(view)
