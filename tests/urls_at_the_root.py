"""A site that includes allauth without a prefix."""

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.urls")),
    path("api/", include("allauth.headless.urls")),
]
