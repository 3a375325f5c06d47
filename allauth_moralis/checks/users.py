"""System checks of the user model: can it store people who sign up by wallet?

They have a user name, if the model has such a field, and an unusable password, but neither an
e-mail address nor a first or last name.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import user_username
from allauth.socialaccount import app_settings as socialaccount_settings
from allauth.socialaccount.adapter import get_adapter as get_socialaccount_adapter
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.db.models import NOT_PROVIDED, F, Model, UniqueConstraint
from django.db.models.signals import pre_save

#: Adapter methods in which a site may fill in what a wallet does not provide.
HOOKS = ("new_user", "populate_user", "save_user")
LIBRARIES = ("allauth.", "allauth_moralis.", "django.")


@register(Tags.models)
def check_user_model(**_: Any) -> list[CheckMessage]:
    return list(_messages(get_user_model()))


def _messages(model: type[Model]) -> Iterator[CheckMessage]:
    by_name = {account_settings.USER_MODEL_USERNAME_FIELD, account_settings.USER_MODEL_EMAIL_FIELD}
    for field in _fields(model):
        if field.name == account_settings.USER_MODEL_EMAIL_FIELD:
            if (
                not field.null
                and _is_unique(model, field)
                and not socialaccount_settings.EMAIL_REQUIRED
            ):
                yield _second_without_address(field)
        elif field.name not in by_name and _fails(model, field) and not _filled_in(model):
            yield _not_filled_in(field)
    if problem := _cannot_be_named(model):
        yield problem


def _second_without_address(field: Any) -> CheckMessage:
    return Error(
        "Users who sign up by wallet have no e-mail address, and this user model allows only one "
        "user without: the second sign-up will fail.",
        hint=f"Let {field} be NULL, or set SOCIALACCOUNT_EMAIL_REQUIRED = True.",
        id="allauth_moralis.E023",
    )


def _not_filled_in(field: Any) -> CheckMessage:
    return Error(
        f"Users who sign up by wallet have no value for {field}, which this user model requires: "
        "their sign-up fails.",
        hint="Give the field a default (if it is unique, one that differs from user to user), let "
        'it be NULL, or fill it in with SOCIALACCOUNT_FORMS["signup"] or in populate_user of your '
        "social account adapter.",
        id="allauth_moralis.E024",
    )


def _cannot_be_named(model: type[Model]) -> CheckMessage | None:
    try:
        user: Any = model()
        user_username(user, "0x")
        str(user)
    except Exception as error:  # noqa: BLE001 - the site's own code
        return Error(
            "Users who sign up by wallet have no e-mail address and no name, and str(user) raises "
            f"{type(error).__name__} for them: their sign-in fails.",
            hint=f"Let {model.__name__}.__str__ always return a string: allauth's pages and "
            "e-mails and Django's admin use it.",
            id="allauth_moralis.E027",
        )
    return None


def _fields(model: type[Model]) -> Iterator[Any]:
    for field in model._meta.concrete_fields:  # noqa: SLF001 - documented by Django
        if not field.primary_key and field.name != "password":
            yield field


def _fails(model: type[Model], field: Any) -> bool:
    """Return whether the field's initial value cannot be stored, or not for a second user."""
    if _fills_itself(field):
        return False
    value = field.get_default()
    if value is None:
        return not field.null
    return _is_unique(model, field) and (value == "" or not callable(field.default))


def _fills_itself(field: Any) -> bool:
    return bool(
        field.generated
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or field.db_default is not NOT_PROVIDED
        or not _is_of_a_library(type(field).pre_save)
    )


def _filled_in(model: Any) -> bool:
    """Return whether the site has code of its own that may fill in a value."""
    adapters = get_socialaccount_adapter(), get_account_adapter()
    hooks = [getattr(adapter, name, None) for adapter in adapters for name in HOOKS]
    return bool(
        "signup" in socialaccount_settings.FORMS
        or account_settings.SIGNUP_FORM_CLASS
        or pre_save.has_listeners(model)
        or not all(map(_is_of_a_library, [model.save, model.__init__, *filter(None, hooks)]))
    )


def _is_of_a_library(function: Any) -> bool:
    return str(function.__module__).startswith(LIBRARIES)


def _is_unique(model: type[Model], field: Any) -> bool:
    constraints = model._meta.constraints  # noqa: SLF001 - documented by Django
    return bool(field.unique or any(_is_about(each, field) for each in constraints))


def _is_about(constraint: Any, field: Any) -> bool:
    """Return whether the constraint makes the values of this one field unique."""
    if not isinstance(constraint, UniqueConstraint) or constraint.condition is not None:
        return False
    expressions: Iterable[Any] = constraint.expressions
    parts = chain.from_iterable([e] if isinstance(e, F) else e.flatten() for e in expressions)
    references: list[Any] = [part for part in parts if isinstance(part, F)]
    names = {reference.name for reference in references}
    return {*constraint.fields, *names} == {field.name}
