"""A name to show for people who have none: no user name, and no e-mail address."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser


def let_users_be_shown(model: Any) -> None:
    """Make ``str(user)`` return a string, if the model leaves ``__str__`` to Django.

    Django's own method returns ``USERNAME_FIELD`` as it is. If that is an e-mail address, which a
    wallet does not provide, it is ``None``, and ``str()`` raises ``TypeError`` wherever a user is
    shown: in allauth's message after a sign-in, in its e-mails, pages and JSON, and in the admin.
    So it is fixed in the one place that all of these use. A site's own method is left alone.
    """
    field = model._meta.get_field(model.USERNAME_FIELD)  # noqa: SLF001 - documented by Django
    if field.null and model.__str__ is AbstractBaseUser.__str__:
        model.__str__ = _name


def _name(user: Any) -> str:
    meta = user._meta  # noqa: SLF001 - documented by Django
    return user.get_username() or f"{meta.verbose_name} {user.pk}"
