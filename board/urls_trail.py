"""The trail over all cases: search, and export in three forms."""

from django.urls import path
from django.urls.resolvers import URLPattern

from board import trail_views

urlpatterns: list[URLPattern] = [
    path("trail/", trail_views.page, name="trail"),
    path("trail/export/<str:form>/", trail_views.export, name="trail_export"),
]
