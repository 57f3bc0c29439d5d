"""Every route. Deny by default: LoginRequiredMiddleware guards whatever is not marked otherwise."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import include, path

admin.autodiscover()
# The admin's own sign-in form would bypass the second factor.
admin.site.login = secure_admin_login(admin.site.login)
admin.site.site_header = "PRRT Board: data desk"
admin.site.site_title = "PRRT Board"
admin.site.index_title = "Records"


@login_not_required
def healthz(request):
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("imaging/", include("imaging.urls")),
    path("", include("board.urls")),
]
