"""Include these URLs under the same prefix as ``allauth.headless.urls``."""

from allauth.headless import app_settings
from allauth.headless.constants import Client
from django.urls import path

from . import devices
from .devices import device_view
from .views import ChallengeView, ReauthenticateView, api_view

#: By the name of each URL: its path, its view, and what makes one of it.
VIEWS = {
    "challenge": ("challenge", ChallengeView, api_view),
    "reauthenticate": ("reauthenticate", ReauthenticateView, api_view),
    "device": ("device", devices.AskView, device_view),
    "device_poll": ("device/poll", devices.PollView, device_view),
    "device_complete": ("device/complete", devices.CompleteView, device_view),
    "device_page": ("device/<str:device_id>", devices.PhoneView, device_view),
}

app_name = "moralis_headless"
urlpatterns = [
    path(
        f"{client.value}/v1/auth/provider/moralis/{route}",
        make(view, client),
        name=f"{client.value}_{name}",
    )
    for client in Client
    if client in app_settings.CLIENTS
    for name, (route, view, make) in VIEWS.items()
]
