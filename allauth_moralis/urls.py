from django.urls import path

from . import views

urlpatterns = [
    path("moralis/login/", views.login, name="moralis_login"),
    path("moralis/challenge/", views.challenge, name="moralis_challenge"),
    path("moralis/verify/", views.verify, name="moralis_verify"),
    path("profile/", views.profile, name="moralis_profile"),
]
