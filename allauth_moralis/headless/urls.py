"""Include these URLs under the same prefix as ``allauth.headless.urls``."""

from allauth.headless import app_settings
from allauth.headless.constants import Client
from django.urls import path

from .views import ChallengeView, ReauthenticateView, api_view

VIEWS = {"challenge": ChallengeView, "reauthenticate": ReauthenticateView}

app_name = "moralis_headless"
urlpatterns = [
    path(
        f"{client.value}/v1/auth/provider/moralis/{name}",
        api_view(view, client),
        name=f"{client.value}_{name}",
    )
    for client in Client
    if client in app_settings.CLIENTS
    for name, view in VIEWS.items()
]
