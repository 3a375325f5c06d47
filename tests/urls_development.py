"""The demo as it is where ``DEBUG`` was on when its URLs were read."""

from django.urls import include, path

import config.urls

urlpatterns = [
    path("accounts/moralis/development/", include("allauth_moralis.development.urls")),
    *config.urls.urlpatterns,
]
