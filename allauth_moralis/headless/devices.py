"""The wallet of another device for browser and app clients, in allauth's envelope."""

from functools import wraps
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

from allauth.headless.base.response import APIResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.socialaccount.views import ProviderTokenView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from .. import conf, forms
from ..conf import PROVIDER_ID
from ..devices import flows, states
from ..exceptions import ChallengeMissing, DeviceRequestOver
from ..internal import tokens
from ..internal.flows import approve_device, domain_of
from ..internal.responses import View, describe_device, describe_request, json_of
from ..reauthentication import REAUTHENTICATE, require_for_linking
from .views import api_view, confirmed, envelope


class AskView(APIView):
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        code, device = flows.ask(request, forms.parse_device_request(json_of(request)))
        response: HttpResponse = APIResponse(request, data=describe_device(request, code, device))
        return response


class PhoneView(APIView):
    """What the phone is asked for, and its proof. The challenge comes from ``ChallengeView``."""

    handle_json_input = False
    http_method_names = ("get", "post", "options")
    max_body = forms.MAX_PROOF_BODY

    def get(self, request: HttpRequest, device_id: str) -> HttpResponse:
        device = states.find(device_id, domain_of(request))
        if device is None:
            return envelope(DeviceRequestOver(), HTTPStatus.NOT_FOUND)
        response: HttpResponse = APIResponse(request, data=describe_request(device))
        return response

    def post(self, request: HttpRequest, device_id: str) -> HttpResponse:
        verified, state = tokens.verify_json(request, json_of(request), process=forms.DEVICE)
        if state["device"] != device_id:
            raise ChallengeMissing("for another device request")
        approve_device(request, device_id, verified)
        response: HttpResponse = APIResponse(request, data={"status": states.APPROVED})
        return response


class PollView(APIView):
    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        code = forms.parse_device_code(json_of(request))
        response: HttpResponse = APIResponse(request, data={"status": states.status(request, code)})
        return response


class CompleteView(ProviderTokenView):
    """allauth's own view of a token, but the wallet is the one that was approved on the phone."""

    handle_json_input = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        code = forms.parse_device_code(json_of(request))
        verified = flows.find_approved(request, code)
        state = flows.take(request, code, verified)
        if state["process"] == REAUTHENTICATE:
            return confirmed(request, verified)
        if state["process"] == AuthProcess.CONNECT:
            require_for_linking(request)
        provider = get_adapter().get_provider(request, PROVIDER_ID)
        sociallogin = tokens.login_of(request, provider, verified, state)
        self.input = cast("Any", SimpleNamespace(cleaned_data={"sociallogin": sociallogin}))
        response: HttpResponse = super().post(request)
        return response


def device_view(view_class: type[APIView], client: Client) -> View:
    """Return the view for ``client``, which is not found where ``CROSS_DEVICE`` is off."""
    view = api_view(view_class, client)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not conf.current().cross_device:
            return JsonResponse({"status": HTTPStatus.NOT_FOUND}, status=HTTPStatus.NOT_FOUND)
        return view(request, *args, **kwargs)

    return wrapper
