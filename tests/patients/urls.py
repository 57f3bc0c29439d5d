"""The data desk and sign-in alone."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)
urlpatterns = [path("accounts/", include("allauth.urls")), path("admin/", admin.site.urls)]
