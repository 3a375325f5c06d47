"""The last way into an account stays, however many requests remove the others at once.

allauth counts the connected accounts, and deletes one later: of two requests, each would count what
the other is about to delete. So they are counted once more where one is deleted, in that
transaction and under a lock of their rows.
"""

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from .. import ways_in
from .allauth_private import is_headless

MARK = "allauth_moralis_leaving"


def begin(account: SocialAccount) -> None:
    """This request's user wants ``account`` to be removed; an operator's deletion is their own."""
    if context.request is not None:
        setattr(context.request, MARK, account.pk)


def keep_a_way_in(instance: SocialAccount, using: str) -> None:
    """Called within the transaction that deletes ``instance``; raises what answers the request."""
    request = context.request
    if request is None or getattr(request, MARK, None) != instance.pk:
        return
    # In one order, and without the user's row, which a sign-in writes while it holds one of these.
    rows = SocialAccount.objects.using(using).filter(user_id=instance.user_id).order_by("pk")
    others = [row for row in rows.select_for_update() if row.pk != instance.pk]
    if not others and (code := ways_in.guard(instance.user)):
        raise ImmediateHttpResponse(_refusal(request, code))


def _refusal(request: HttpRequest, code: str) -> HttpResponse:
    sentence = ways_in.plain(str(ways_in.LAST_WAY_IN[code]))
    if is_headless(request):
        from allauth.headless.base.response import APIResponse  # noqa: PLC0415 - not every site has it

        errors = [{"code": code, "message": sentence}]
        response: HttpResponse = APIResponse(request, errors=errors, status=400)
        return response
    get_account_adapter().add_message(request, messages.ERROR, message=sentence)
    return HttpResponseRedirect(reverse("socialaccount_connections"))
