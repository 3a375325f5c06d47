from django.urls import include, path
from siwe_django.template_views import SiweLoginView

urlpatterns = [
    path("siwe/", include("siwe_django.urls")),
    path("login/", SiweLoginView.as_view()),
]
