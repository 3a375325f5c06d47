"""Include it where the site includes ``allauth.headless.urls``, under the same prefix."""

from allauth.headless import app_settings
from allauth.headless.constants import Client
from django.urls import path

from .views import challenge_view

CHALLENGE = "v1/auth/provider/moralis/challenge"

app_name = "moralis_headless"
urlpatterns = [
    path(
        f"{client.value}/{CHALLENGE}",
        challenge_view(client),
        name=f"{client.value}_challenge",
    )
    for client in Client
    if client in app_settings.CLIENTS
]
