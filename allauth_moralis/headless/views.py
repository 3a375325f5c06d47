"""``POST …/auth/provider/moralis/challenge`` in allauth's envelope, for browser and app clients.

The answer goes to allauth's own ``…/auth/provider/token``, which asks
``MoralisProvider.verify_token``.
"""

from allauth.headless.base.response import APIResponse
from allauth.headless.base.views import APIView
from django.http import HttpRequest, HttpResponse

from .. import events, flows, forms
from ..exceptions import WalletError
from ..views import STATUS, describe, with_retry_after


class ChallengeView(APIView):
    # The body is parsed by our own rules, which know what a deep or a huge one is.
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        asked: forms.ChallengeRequest | None = None
        try:
            asked = forms.parse_challenge_request(request.body)
            handle, pending = flows.issue_challenge(request, asked)
        except WalletError as error:
            events.wallet_refused(request, error, asked.wallet if asked else None)
            return self._refuse(request, error)
        response: HttpResponse = APIResponse(request, data=describe(handle, pending))
        return response

    def _refuse(self, request: HttpRequest, error: WalletError) -> HttpResponse:
        response = APIResponse(
            request,
            errors=[{"code": error.code, "message": str(error.message)}],
            status=STATUS[error.code],
        )
        return with_retry_after(response, error)
