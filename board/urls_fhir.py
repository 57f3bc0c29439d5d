"""Exchange of a case as a FHIR bundle."""

from django.urls import path

from board import fhir_views

urlpatterns = [
    path("patients/<case:case_number>/fhir/", fhir_views.export, name="export_fhir"),
    path("import/fhir/", fhir_views.bring, name="import_fhir"),
    path("import/fhir/confirm/", fhir_views.confirm, name="confirm_fhir"),
]
