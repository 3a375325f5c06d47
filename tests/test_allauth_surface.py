"""What we need of allauth beyond its documented surface. Where this fails, allauth has moved."""

import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    resume_request,
)
from allauth.core.internal import ratelimit
from allauth.headless.constants import Client
from allauth.headless.internal.decorators import mark_request_as_headless
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialLogin

import allauth_moralis
from allauth_moralis.internal.allauth_private import is_headless


def test_the_rate_limits_are_where_we_take_them_from():
    moved = (
        "allauth.core.internal.ratelimit changed: adapt allauth_moralis/internal/allauth_private.py"
    )
    assert {"app", "action", "config", "key"} <= set(
        inspect.signature(ratelimit.consume).parameters
    ), moved
    rate = ratelimit.parse_rates("3/2m/ip")[0]
    assert (rate.amount, rate.duration, rate.per) == (3, 120, "ip"), moved


def test_the_record_of_a_confirmed_access_is_where_we_make_it():
    parameters = inspect.signature(record_authentication).parameters

    assert list(parameters) == ["request", "user", "method", "extra_data"]


@pytest.mark.django_db
def test_the_ways_to_confirm_are_named_as_we_read_them(django_user_model):
    user = django_user_model.objects.create_user("ada", password="correct horse!")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")

    flows = [flow["id"] for flow in get_reauthentication_flows(user)]

    assert flows == ["reauthenticate", "mfa_reauthenticate"]


def test_what_was_held_up_is_resumed_where_we_ask_for_it():
    assert list(inspect.signature(resume_request).parameters) == ["request"]


def test_applications_are_told_from_pages_where_we_look(rf):
    request = rf.get("/")
    request.allauth = SimpleNamespace()
    assert not is_headless(request)

    mark_request_as_headless(request, Client.APP)

    assert is_headless(request)


def test_a_social_login_remembers_whether_it_was_by_mail_where_we_say_that_it_was_not():
    assert "_did_authenticate_by_email" in SocialLogin.__annotations__


def test_nothing_else_is_taken_from_allauths_insides():
    package = Path(allauth_moralis.__file__).parent
    guilty = {
        path.name
        for path in package.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.lstrip().startswith(("import allauth", "from allauth")) and ".internal" in line
    }
    assert guilty == {"allauth_private.py"}
