"""What ``allauth.urls`` comes down to under ``HEADLESS_ONLY``."""

from allauth.urls import build_provider_urlpatterns

urlpatterns = build_provider_urlpatterns()
