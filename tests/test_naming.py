"""Users who have neither a user name nor an e-mail address can be shown."""

from typing import Any

import pytest
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.test.utils import isolate_apps

from allauth_moralis.internal.naming import let_users_be_shown


def customers(*, null: bool, **members: object) -> type[Any]:
    """A user model that names its users by their addresses."""
    members = {
        "__module__": __name__,
        "email": models.EmailField(unique=True, null=null),
        "USERNAME_FIELD": "email",
        "Meta": type("Meta", (), {"app_label": "auth"}),
        **members,
    }
    return type("Customer", (AbstractBaseUser,), members)


@isolate_apps("django.contrib.auth", "django.contrib.contenttypes")
@pytest.mark.parametrize(
    ("email", "shown"), [(None, "customer 7"), ("ada@example.com", "ada@example.com")]
)
def test_user_whose_model_has_no_method_to_show_them(email, shown):
    model = customers(null=True)

    let_users_be_shown(model)

    assert str(model(pk=7, email=email)) == shown


@isolate_apps("django.contrib.auth", "django.contrib.contenttypes")
@pytest.mark.parametrize(
    "model_of",
    [
        lambda: customers(null=False),
        lambda: customers(null=True, __str__=lambda self: "somebody"),
    ],
    ids=["everybody has a name", "a method of its own"],
)
def test_model_that_can_show_everybody_is_left_alone(model_of):
    model = model_of()
    method = model.__str__

    let_users_be_shown(model)

    assert model.__str__ is method
