"""Whoever reloads a refusal is told the same one, whichever backend gave it."""

import pytest
from django.utils.translation import gettext_lazy

from allauth_moralis.backends.local import LocalBackend
from allauth_moralis.exceptions import SignatureInvalid
from allauth_moralis.testing import answer, obtain_challenge

from ..ceremony import page_code, search

pytestmark = pytest.mark.django_db


class SignatureTooOld(SignatureInvalid):
    message = gettext_lazy("Of the site alone.")


class Strict(LocalBackend):
    def verify(self, *_):
        raise SignatureTooOld("by its own rules")


def test_refusal_of_a_backends_own_kind_is_told_again(client, wallet, provider):
    provider["BACKEND"] = f"{__name__}.Strict"
    issued = obtain_challenge(client, wallet)
    proof = wallet.prove(issued.message)

    first = answer(client, issued.challenge, **proof)
    again = answer(client, issued.challenge, **proof)

    assert page_code(first) == page_code(again) == "signature_invalid"
    assert search("Of the site alone", first.content.decode())
    # Its class is not one of ours, which alone are found again.
    assert search("does not belong to this wallet", again.content.decode())
