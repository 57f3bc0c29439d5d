"""The trail over all cases: search, and export in three forms."""

from django.urls import path
from django.urls.resolvers import URLPattern

from board import trail_views

urlpatterns: list[URLPattern] = [
    path("trail/", trail_views.page, name="trail"),
    path("trail/trail.csv", trail_views.export, {"form": "csv"}, name="trail_csv"),
    path("trail/trail.xml", trail_views.export, {"form": "atna"}, name="trail_atna"),
    path("trail/trail.fhir.json", trail_views.export, {"form": "fhir"}, name="trail_fhir"),
]
