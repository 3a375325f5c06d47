"""Included by the package's own URLs while ``DEBUG`` is on. Do not include it yourself."""

from django.urls import path

from . import views

urlpatterns = [
    path("accounts/", views.accounts, name="moralis_development_accounts"),
    path("sign/", views.sign, name="moralis_development_sign"),
]
