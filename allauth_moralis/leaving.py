"""The last way into an account stays, however many requests remove the others at once.

allauth counts the connected accounts, and deletes one later: of two requests, each would count what
the other is about to delete. So it is counted once more where it is deleted, in that transaction
and under a lock of the user's row.
"""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from . import ways_in
from .proving import is_headless

MARK = "allauth_moralis_leaving"


def begin(account: SocialAccount) -> None:
    """This request's user wants ``account`` to be removed; an operator's deletion is their own."""
    if context.request is not None:
        setattr(context.request, MARK, account.pk)


def keep_a_way_in(instance: SocialAccount, using: str, **_: Any) -> None:
    """A receiver of ``pre_delete``, which Django sends within the transaction that deletes."""
    request = context.request
    if request is None or getattr(request, MARK, None) != instance.pk:
        return
    users = get_user_model()._base_manager.using(using)  # noqa: SLF001 - documented by Django
    user = users.select_for_update().get(pk=instance.user_id)
    rows = SocialAccount.objects.using(using).filter(user_id=user.pk).exclude(pk=instance.pk)
    # A locking read: some databases show a transaction what it saw first, and that may be old.
    if rows.select_for_update().first() is None and (code := ways_in.guard(user)):
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
