"""Every route. Deny by default: LoginRequiredMiddleware guards whatever is not marked otherwise."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import Http404
from django.urls import include, path

from config import health_views

admin.autodiscover()
# The admin's own sign-in form would bypass the second factor.
admin.site.login = secure_admin_login(admin.site.login)
admin.site.site_header = "PRRT Board: data desk"
admin.site.site_title = "PRRT Board"
admin.site.index_title = "Records"


# Secrets of sign-ins are nobody's to read; what an account needs is done under people/.
for model in list(admin.site._registry):
    if model.__module__.startswith("allauth."):
        admin.site.unregister(model)


def closed(request):
    """Mail addresses, connections and a first password are not an account's own to make: the session alone would do."""
    raise Http404


urlpatterns = [
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
    path("health/", health_views.health, name="health"),
    path("health/state/", health_views.health_json, name="health_json"),
    path("accounts/password/set/", closed, name="closed_first_password"),
    path("accounts/email/", closed, name="closed_mails"),
    path("accounts/signup/", closed, name="closed_signup"),
    path("accounts/3rdparty/", closed, name="closed_connections"),
    path("accounts/3rdparty/signup/", closed, name="closed_social_signup"),
    path("people/", include("patients.people.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("imaging/", include("imaging.urls")),
    path("", include("board.urls")),
]

handler400 = "config.full_disk.answer_bad_request"
handler500 = "config.full_disk.answer_error"
