"""A name to show for people who have none: no user name, and no e-mail address."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser


def let_users_be_shown(model: Any) -> None:
    """Have ``str()`` of a user be a string, where the model leaves that to Django.

    Django's own gives ``USERNAME_FIELD`` as it is. Where that is an e-mail address, which a wallet
    does not give, it is ``None``, and a ``TypeError`` wherever a user is shown: in allauth's
    message that somebody signed in, in its mails, pages and answers to applications, and in the
    admin. So it is mended in the one place that they all ask. A method of the site's own stays.
    """
    field = model._meta.get_field(model.USERNAME_FIELD)  # noqa: SLF001 - documented by Django
    if field.null and model.__str__ is AbstractBaseUser.__str__:
        model.__str__ = _name


def _name(user: Any) -> str:
    meta = user._meta  # noqa: SLF001 - documented by Django
    return user.get_username() or f"{meta.verbose_name} {user.pk}"
