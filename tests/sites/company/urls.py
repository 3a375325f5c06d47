from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path, reverse


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("company:colleague", args=[request.user.pk]))


@login_required
def colleague(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(f"The desk of {request.user}")


company = [path("desk/", desk, name="desk"), path("<int:pk>/", colleague, name="colleague")]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("colleagues/", include((company, "company"))),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("_allauth/", include("allauth_moralis.headless.urls")),
]
