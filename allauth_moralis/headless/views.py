"""``POST …/auth/provider/moralis/challenge`` in allauth's envelope, for browser and app clients.

The answer goes to allauth's own ``…/auth/provider/token``, which asks
``MoralisProvider.verify_token``.
"""

from allauth.headless.base.response import APIResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from django.http import HttpRequest, HttpResponse, JsonResponse

from .. import events, flows, forms
from ..exceptions import WalletError
from ..views import STATUS, View, body_of, bounded, describe, with_retry_after


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
            status = STATUS[error.code]
            return with_retry_after(
                APIResponse(request, errors=_errors(error), status=status), error
            )
        response: HttpResponse = APIResponse(request, data=describe(handle, pending))
        return response


def challenge_view(client: Client) -> View:
    view: View = ChallengeView.as_api_view(client=client)
    return bounded(_refuse, csrf=client == Client.BROWSER)(view)


def _refuse(request: HttpRequest, error: WalletError) -> HttpResponse:
    """In the same envelope, before allauth has made its own of the request."""
    events.wallet_refused(request, error, None)
    status = STATUS[error.code]
    return JsonResponse({"status": status, "errors": _errors(error)}, status=status)


def _errors(error: WalletError) -> list[dict[str, str]]:
    return [{"code": error.code, "message": str(error.message)}]
