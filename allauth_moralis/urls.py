from allauth import app_settings
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from . import views
from .devices import views as devices
from .reauthentication import REAUTHENTICATE

urlpatterns: list[URLPattern | URLResolver] = [
    path("moralis/login/", views.login, name="moralis_login"),
    # For allauth, which appends "?next=…" to a URL of ours and so leaves no room for a process.
    path(
        "moralis/reauthenticate/",
        views.login,
        {"process": REAUTHENTICATE},
        name="moralis_reauthenticate",
    ),
    path("moralis/challenge/", views.challenge, name="moralis_challenge"),
    path("moralis/verify/", views.verify, name="moralis_verify"),
    path("moralis/device/", devices.ask, name="moralis_device"),
    path("moralis/device/poll/", devices.poll, name="moralis_device_poll"),
    path("moralis/device/complete/", devices.complete, name="moralis_device_complete"),
    path("moralis/device/<str:device_id>/", devices.page, name="moralis_device_page"),
    path("moralis/scripts/<str:version>/moralis/<str:name>", views.script, name="moralis_script"),
    path("moralis/label/", views.label, name="moralis_label"),
    path("moralis/address/", views.address, name="moralis_address"),
    path("moralis/names/", views.names, name="moralis_names"),
    path("profile/", views.profile, name="moralis_profile"),
]
if app_settings.SOCIALACCOUNT_ONLY:
    # allauth redirects people who must reauthenticate to this name, but leaves it out on such
    # sites, because they have no passwords.
    urlpatterns.append(
        path(
            "moralis/reauthenticate/",
            views.login,
            {"process": REAUTHENTICATE},
            name="account_reauthenticate",
        )
    )
if settings.DEBUG:
    # Elsewhere the development wallet has no URL at all. Its views check DEBUG themselves as well.
    urlpatterns.append(path("moralis/development/", include("allauth_moralis.development.urls")))
