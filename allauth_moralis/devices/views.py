"""The four addresses by which a computer is signed in by the wallet of a phone.

They are there where ``CROSS_DEVICE`` is on, and not found elsewhere.
"""

from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import conf, forms
from ..exceptions import ConfirmFirst, DeviceRequestOver, WalletError
from ..forms import DEVICE
from ..internal import reports, wallet_links
from ..internal.contexts import PageRequest
from ..internal.flows import domain_of
from ..internal.responses import View, describe_device, device_address, json_of, refusals
from ..views import PAGE_REQUEST, refuse_json, refuse_page, tell_adapter, wallet_page
from . import codes, flows, states


def where_on(view: View) -> View:
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not conf.current().cross_device:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapper


@where_on
@require_POST
@never_cache
@login_not_required
@refusals(refuse_json)
def ask(request: HttpRequest) -> HttpResponse:
    purpose = forms.parse_device_request(json_of(request))
    try:
        code, device = flows.ask(request, purpose)
    except ReauthenticationRequired:  # the page is old; once reloaded, it asks to reauthenticate
        raise ConfirmFirst from None
    return JsonResponse(describe_device(request, code, device))


@where_on
@require_POST
@never_cache
@login_not_required
@refusals(refuse_json)
def poll(request: HttpRequest) -> HttpResponse:
    code = forms.parse_device_code(json_of(request))
    reports.hide(request, code)
    return JsonResponse({"status": states.status(request, code)})


@where_on
@require_safe
@never_cache
@login_not_required
@refusals(refuse_page, csrf=False)
def page(request: HttpRequest, device_id: str) -> HttpResponse:
    """Show the wallet page of the phone. It writes nothing.

    With ``?code`` this is the image of its own address instead, or of the link that opens it in the
    wallet of that name: the image shows no more than who asks for it knows.
    """
    device = states.find(device_id, domain_of(request))
    page_request = PageRequest(DEVICE, device=device_id)
    if device is None:
        return wallet_page(request, page_request, DeviceRequestOver(), HTTPStatus.NOT_FOUND)
    if "code" not in request.GET:
        return wallet_page(request, page_request, None, HTTPStatus.OK, device)
    address = device_address(request, device)
    links = {link["name"]: link["url"] for link in wallet_links.links_to(address)}
    drawn = codes.svg(links.get(request.GET["code"], address))
    return HttpResponse(drawn, content_type="image/svg+xml")


@where_on
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sensitive_post_parameters("device_code")
# As for a proof: a rollback of the request must not give back what was used.
@transaction.non_atomic_requests
@refusals(refuse_page)
def complete(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":  # the URL of a refusal was opened again
        return HttpResponseRedirect(reverse("moralis_login"))
    data = request.POST
    setattr(request, PAGE_REQUEST, PageRequest.parse(data))
    code = forms.device_code_of(data)
    # If the state has no "next", allauth would take one from this request.
    request.GET = request.POST = QueryDict()
    try:
        response = flows.complete(request, code)
    except WalletError as error:
        tell_adapter(request, error, None)
        raise
    add_never_cache_headers(response)
    return response
