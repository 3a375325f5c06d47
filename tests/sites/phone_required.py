"""Everybody must give a telephone number, and sign in by a code that is sent to it."""

from .phone import *  # noqa: F403 - a variant of it

ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "email", "password1*", "password2*"]
